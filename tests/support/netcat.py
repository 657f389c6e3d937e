"""Connects standard input and output to a host and port: what people use as a ProxyCommand."""

import socket
import sys
import threading


def pump(source, sink, end):
    while data := source():
        sink(data)
    end()


def main():
    peer = socket.create_connection((sys.argv[1].strip("[]"), int(sys.argv[2])))
    stdin, stdout = sys.stdin.buffer.raw, sys.stdout.buffer.raw
    up = threading.Thread(
        target=pump,
        args=(lambda: stdin.read(65536), peer.sendall, lambda: peer.shutdown(socket.SHUT_WR)),
        daemon=True,
    )
    up.start()

    def write(data):
        while data:
            data = data[stdout.write(data) :]

    pump(lambda: peer.recv(65536), write, lambda: None)


main()
