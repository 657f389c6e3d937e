//! Elements as text.

/// Text as it may stand between tags and in quotes. Control characters are no part of HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            char if char.is_control() => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
    out
}

/// A table that can be scrolled by itself where a screen is narrow. The first column names its row.
pub(super) fn table(caption: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    let head: String = head.iter().map(|cell| format!("<th scope=\"col\">{}</th>", escaped(cell))).collect();
    let row = |cells: &Vec<String>| {
        let cells = cells.iter().enumerate().map(|(column, cell)| match column {
            0 => format!("<th scope=\"row\">{}</th>", escaped(cell)),
            _ => format!("<td>{}</td>", escaped(cell)),
        });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    format!(
        "<div class=\"scroll\"><table>\n<caption>{}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{}</tbody>\n\
         </table></div>\n",
        escaped(caption),
        rows.iter().map(row).collect::<String>()
    )
}

/// A chart with its heading, its legend, and its figures. `drawing` and `figures` are markup.
pub(super) fn figure(title: &str, what: &str, drawing: &str, legend: &[String], figures: &str) -> String {
    let keys: String = legend
        .iter()
        .enumerate()
        .map(|(number, name)| {
            format!(
                "<li><svg class=\"key\" viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"line s{number}\" \
                 d=\"M0 4H24\"/></svg>{}</li>\n",
                escaped(name)
            )
        })
        .collect();
    let legend = if keys.is_empty() { keys } else { format!("<ul class=\"legend\">\n{keys}</ul>\n") };
    format!(
        "<section>\n<h2>{}</h2>\n<p>{}</p>\n<figure>\n{drawing}{legend}</figure>\n<details>\n<summary>Figures</summary>\n\
         {figures}</details>\n</section>\n",
        escaped(title),
        escaped(what)
    )
}
