// The widget in one function: its parts share one scope and none of the page's. The style sheet holds neither a backtick
// nor `${`. The server and the static export both include this file.
concat!(
    "(() => {\n\"use strict\";\nconst CSS = String.raw`\n",
    include_str!("widget.css"),
    "`;\n",
    include_str!("labels.js"),
    include_str!("api.js"),
    include_str!("recent.js"),
    include_str!("dom.js"),
    include_str!("list.js"),
    include_str!("keys.js"),
    include_str!("view.js"),
    include_str!("search.js"),
    include_str!("element.js"),
    "})();\n",
)
