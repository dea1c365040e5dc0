package files

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/meshmanager/smm/internal/validation"
)

// Locate returns the line of a finding in its file: that of the field at fault, or of the object when the field is
// not written there. It is 0 when the file cannot be read any more.
func Locate(f validation.Finding) int {
	file, err := os.Open(f.Source.File)
	if err != nil {
		return 0
	}
	defer file.Close()
	for documents := newDocuments(file); ; {
		text, line, err := documents.next()
		if err != nil && !errors.Is(err, errTooLong) || line > f.Source.Line {
			return f.Source.Line
		}
		if line == f.Source.Line {
			return f.Source.Line + FieldLine(text, f)
		}
	}
}

// FieldLine is the line of a finding's field in the YAML of its object, counted from the first, which is 0.
func FieldLine(text []byte, f validation.Finding) int {
	var root yaml.Node
	if yaml.NewDecoder(bytes.NewReader(text)).Decode(&root) != nil || len(root.Content) == 0 {
		return 0
	}
	node := object(root.Content[0], f.Subject)
	for _, name := range append([]string{"spec"}, steps(f.Field)...) {
		next := child(node, name)
		if next == nil {
			break
		}
		node = next
	}
	return node.Line - 1
}

// object finds the object of an ID among the items when the document is a list.
func object(root *yaml.Node, id validation.ID) *yaml.Node {
	items := child(root, "items")
	if items == nil {
		return root
	}
	for _, item := range items.Content {
		if name := child(child(item, "metadata"), "name"); name != nil && name.Value == id.Name {
			return item
		}
	}
	return root
}

// steps splits servers[0].port into servers, 0, port.
func steps(field string) []string {
	return strings.FieldsFunc(field, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
}

// child returns the value of a key, or the element of a position. A value that stands on the line after its key is
// located by itself.
func child(node *yaml.Node, name string) *yaml.Node {
	switch {
	case node == nil:
		return nil
	case node.Kind == yaml.SequenceNode:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i]
		}
	case node.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == name {
				return node.Content[i+1]
			}
		}
	}
	return nil
}
