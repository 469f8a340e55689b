# Makes a table in Markdown of the CSV that measure.sh prints.
BEGIN { FS = "," }

$1 != "target" {
  row = $1 " | " $2 " | " $6
  if (!(row in seen)) { seen[row] = 1; order[++rows] = row }
  cell[row, $4, $3] = $5 ($8 == "" ? "" : " (" $8 ")")
}

END {
  print "| 4 KiB, IOPS (ratio) | mode | compared with | QD 1 read | write | QD 32 read | write | QD 128 read | write |"
  print "|---|---|---|---|---|---|---|---|---|"
  split("1 32 128", depths, " ")
  for (i = 1; i <= rows; i++) {
    line = "| " order[i]
    for (d = 1; d <= 3; d++)
      line = line " | " cell[order[i], depths[d], "randread"] " | " cell[order[i], depths[d], "randwrite"]
    print line " |"
  }
}
