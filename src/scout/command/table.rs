//! The commands that may run, and of each the options that may not: those that write, that start a program, that
//! never end. Gathered from the manuals of GNU coreutils, findutils, diffutils and grep, ripgrep, tree, file, and
//! their BusyBox, BSD and System V namesakes.

/// A command and what is to be known of its arguments.
pub(super) struct Program {
    pub name: &'static str,
    pub syntax: Syntax,
    pub refused: &'static [Refused],
    /// Options with a value. After a short one the rest of its word is the value, or else the next word is; of long
    /// ones only those matter that change how many operands there are.
    pub values: &'static [&'static str],
    /// Why there may be no second operand.
    pub second_operand: Option<&'static str>,
}

pub(super) enum Syntax {
    /// `-x`, `-xyz`, `--long`, `--long=value`, abbreviated as far as it is unique.
    Options,
    /// The same; and `+` may stand for `-`.
    PlusOptions,
    /// Words of find's expression language: `-name`.
    Expression,
}

/// An option that is refused, under each of its names.
pub(super) struct Refused {
    pub names: &'static [&'static str],
    pub why: &'static str,
}

/// Every allowed command, by name.
pub(super) const PROGRAMS: [Program; 16] = [
    harmless("cat"),
    Program { refused: &[refuse(&["--sync"], FLUSHES)], ..harmless("df") },
    Program {
        refused: &[refuse(&["-l", "--paginate"], RUNS)],
        values: &["-C", "-D", "-F", "-I", "-L", "-S", "-U", "-W", "-X", "-x"],
        ..harmless("diff")
    },
    harmless("du"),
    Program {
        refused: &[
            refuse(&["-C", "--compile"], WRITES),
            refuse(&["-z", "--uncompress", "-Z", "--uncompress-noreport"], RUNS),
            refuse(&["-p", "--preserve-date"], "it changes the times of files"),
            refuse(&["-S", "--no-sandbox"], "it turns off file's protection against crafted files"),
        ],
        values: &["-e", "-F", "-f", "-m", "-P"],
        ..harmless("file")
    },
    Program {
        syntax: Syntax::Expression,
        refused: &[
            refuse(&["-exec", "-execdir", "-ok", "-okdir"], RUNS),
            refuse(&["-delete"], "it deletes files"),
            refuse(&["-fprint", "-fprint0", "-fprintf", "-fls"], WRITES),
            // System V: archives what it finds to a device.
            refuse(&["-cpio", "-ncpio"], WRITES),
        ],
        ..harmless("find")
    },
    harmless("grep"),
    harmless("head"),
    harmless("ls"),
    Program {
        refused: &[
            refuse(&["--pre", "--pre-glob", "--hostname-bin"], RUNS),
            refuse(&["-z", "--search-zip"], RUNS),
        ],
        values: &["-A", "-B", "-C", "-E", "-M", "-T", "-d", "-e", "-f", "-g", "-j", "-m", "-r", "-t"],
        ..harmless("rg")
    },
    Program {
        refused: &[
            refuse(&["-o", "--output"], WRITES),
            refuse(&["-T", "--temporary-directory"], WRITES),
            refuse(&["--compress-program"], RUNS),
        ],
        values: &["-k", "-S", "-t"],
        ..harmless("sort")
    },
    harmless("stat"),
    Program {
        // Of old, a follow may hide behind a number and a unit: `-10cf`, `+5f`. So no letter of a word is a value.
        syntax: Syntax::PlusOptions,
        refused: &[
            refuse(&["-f", "-F", "--follow"], ENDLESS),
            refuse(&["--retry"], ENDLESS),
            refuse(&["--pid"], ENDLESS),
        ],
        ..harmless("tail")
    },
    Program {
        // tree takes values from the following words only: in `-Po`, too, the `o` is an option.
        refused: &[
            refuse(&["-o", "--output"], WRITES),
            // Writes 00Tree.html into directories.
            refuse(&["-R"], WRITES),
        ],
        ..harmless("tree")
    },
    Program {
        values: &["-f", "--skip-fields", "-s", "--skip-chars", "-w", "--check-chars"],
        second_operand: Some("it would be overwritten; options go before the file"),
        ..harmless("uniq")
    },
    harmless("wc"),
];

const WRITES: &str = "it writes files";
const RUNS: &str = "it runs other programs";
const ENDLESS: &str = "it does not end by itself; run the command again to see what is new";
const FLUSHES: &str = "it makes the host write its caches to disk";

/// A command none of whose options needs refusing.
const fn harmless(name: &'static str) -> Program {
    Program { name, syntax: Syntax::Options, refused: &[], values: &[], second_operand: None }
}

const fn refuse(names: &'static [&'static str], why: &'static str) -> Refused {
    Refused { names, why }
}
