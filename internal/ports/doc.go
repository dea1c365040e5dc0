// Package ports lists the ports that the product opens, from the objects that it renders, so that the
// list cannot differ from what is installed.
package ports

//go:generate go run ./generate ../../docs/ports.md
