// Package charts holds the product's Helm charts.
package charts

import (
	"embed"
	"io/fs"
)

//go:generate go run ../../internal/operator/rights/generate smm-operator

//go:embed all:smm-operator
var files embed.FS

// Operator is the file tree of the chart of the operator, from its Chart.yaml on.
func Operator() (fs.FS, error) { return fs.Sub(files, "smm-operator") }
