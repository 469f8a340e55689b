# Makes a bar chart (SVG) of the ratios in the CSV that measure.sh prints. -v clock=TEXT: what the figures were measured by.
BEGIN { FS = "," }

$1 != "target" && $8 != "" {
  row = $1 "," $2 "," $6
  if (!(row in seen)) { seen[row] = 1; order[++rows] = row }
  ratio[row, $4, $3] = $8
  if ($8 > highest) highest = $8
}

function text(x, y, class, content) {
  gsub(/&/, "\\&amp;", content); gsub(/</, "\\&lt;", content)
  printf "<text x=\"%g\" y=\"%g\" class=\"%s\">%s</text>\n", x, y, class, content
}

function box(x, y, width, height, class) {
  printf "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" class=\"%s\"/>\n", x, y, width, height, class
}

function upright(x, from, to, class) {
  printf "<path d=\"M%g %gV%g\" class=\"%s\"/>\n", x, from, to, class
}

END {
  left = 250; wide = 480; top = 84; bar = 11; gap = 16
  group = 6 * bar + gap
  # The axis ends at a quarter above the highest bar.
  end = int(highest * 4 + 1.999) / 4
  if (end < 1.25) end = 1.25
  step = end > 3 ? 1 : end > 1.5 ? 0.5 : 0.25
  bottom = top + (rows ? rows : 1) * group
  print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " left + wide + 70 " " bottom + 44 "\" role=\"img\"" \
    " font-family=\"sans-serif\" font-size=\"11\">"
  print "<title>Operations per second as a ratio to the peer</title>"
  print "<style>"
  print ".back{fill:#fff} text{fill:#222} .title{font-size:15px;font-weight:bold} .small,.tick{fill:#666}"
  print ".tick{text-anchor:middle} .value{font-size:10px;paint-order:stroke;stroke:#fff;stroke-width:3px} .right{text-anchor:end} .peer{text-anchor:end;fill:#666} path{stroke:#ddd} .one{stroke:#222}"
  print ".q1{fill:#1b6ca8} .q32{fill:#c8641b} .q128{fill:#3c8d40} .randwrite{fill-opacity:.55}"
  print "@media (prefers-color-scheme:dark){"
  print ".back{fill:#0d1117} text{fill:#e6edf3} .small,.tick,.peer{fill:#9aa4af} .value{stroke:#0d1117} path{stroke:#30363d} .one{stroke:#e6edf3}"
  print ".q1{fill:#58a6e0} .q32{fill:#f0985a} .q128{fill:#6cc070}}"
  print "</style>"
  box(0, 0, left + wide + 70, bottom + 44, "back")
  text(16, 24, "title", "Operations per second as a ratio to the peer (4 KiB, higher is better)")
  text(16, 42, "small", clock)
  split("1 32 128", depths, " "); split("randread randwrite", operations, " ")
  x = 16
  for (d = 1; d <= 3; d++)
    for (o = 1; o <= 2; o++) {
      box(x, 53, 10, 10, "q" depths[d] " " operations[o])
      text(x + 14, 62, "small", "QD " depths[d] (o == 1 ? " read" : " write"))
      x += 92
    }
  for (tick = 0; tick <= end + 0.001; tick += step) {
    x = left + tick / end * wide
    upright(x, top, bottom, tick == 1 ? "one" : "grid")
    text(x, bottom + 15, "tick", sprintf("%.2f", tick))
  }
  text(left + wide / 2, bottom + 34, "tick", "ratio to the peer; 1.00: as fast")
  for (i = 1; i <= rows; i++) {
    split(order[i], part, ",")
    y = top + (i - 1) * group + gap / 2
    text(left - 8, y + 3 * bar - 3, "right", part[1] ", " part[2])
    text(left - 8, y + 3 * bar + 11, "peer", "to " part[3])
    for (d = 1; d <= 3; d++)
      for (o = 1; o <= 2; o++) {
        value = ratio[order[i], depths[d], operations[o]]
        box(left, y, value / end * wide, bar - 1, "q" depths[d] " " operations[o])
        text(left + value / end * wide + 4, y + bar - 2, "value", value)
        y += bar
      }
  }
  print "</svg>"
}
