package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"sigs.k8s.io/yaml"
)

// Format is the value of -o.
type Format string

// The formats that every command with a result can print.
const (
	FormatTable Format = "table"
	FormatJSON  Format = "json"
	FormatYAML  Format = "yaml"
)

// String returns the format's name.
func (f *Format) String() string { return string(*f) }

// Type names the kind of value in the help text.
func (f *Format) Type() string { return "format" }

// Set accepts the name of a known format.
func (f *Format) Set(name string) error {
	switch format := Format(name); format {
	case FormatTable, FormatJSON, FormatYAML:
		*f = format
		return nil
	}
	return fmt.Errorf("it must be %s, %s or %s", FormatTable, FormatJSON, FormatYAML)
}

// Table is a result for people: a line of headings and lines of cells.
type Table struct {
	Columns []string
	Rows    [][]string
}

// Add appends one row; cells are printed with their default format.
func (t *Table) Add(cells ...any) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = fmt.Sprint(cell)
	}
	t.Rows = append(t.Rows, row)
}

// Print writes a result to Out in the format of -o: result as JSON or YAML (by its json tags), or table.
func (a *App) Print(result any, table Table) error {
	switch a.Output {
	case FormatJSON:
		encoder := json.NewEncoder(a.Out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(result)
	case FormatYAML:
		text, err := yaml.Marshal(result)
		if err != nil {
			return err
		}
		_, err = a.Out.Write(text)
		return err
	default:
		return writeTable(a.Out, table)
	}
}

// writeTable aligns the columns with three blanks between them, as kubectl does; an empty cell shows as "-".
func writeTable(out io.Writer, table Table) error {
	writer := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, row := range append([][]string{table.Columns}, table.Rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = cell
			if cell == "" {
				cells[i] = "-"
			}
		}
		if _, err := fmt.Fprintln(writer, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	return writer.Flush()
}
