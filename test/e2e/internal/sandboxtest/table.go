package sandboxtest

import "strings"

// Table parses what kubectl and smm print: columns that start below their titles.
func Table(output string) []map[string]string {
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	type column struct {
		title string
		start int
	}
	var columns []column
	for i := 0; i < len(lines[0]); {
		rest := lines[0][i:]
		end := strings.Index(rest, "  ")
		if end < 0 {
			end = len(rest)
		}
		columns = append(columns, column{title: strings.TrimSpace(rest[:end]), start: i})
		for i += end; i < len(lines[0]) && lines[0][i] == ' '; i++ {
		}
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, c := range columns {
			end := len(line)
			if i+1 < len(columns) {
				end = min(end, columns[i+1].start)
			}
			row[c.title] = strings.TrimSpace(line[min(c.start, end):end])
		}
		rows = append(rows, row)
	}
	return rows
}
