package files

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"sigs.k8s.io/yaml"
)

// maxDocument is the size of the longest document that is read, in bytes. Kubernetes itself takes about 3 MB; lists of
// many objects may be longer.
const maxDocument = 16 << 20

var errTooLong = errors.New("the document is too long")

// documents splits a stream of YAML into its documents without holding more than one in memory.
type documents struct {
	in   *bufio.Reader
	line int // of the last line that was read
	end  error
}

func newDocuments(in io.Reader) *documents {
	return &documents{in: bufio.NewReaderSize(in, 64<<10)}
}

// next returns the next document and its first line, or errTooLong after skipping one that is too long.
func (d *documents) next() (text []byte, line int, err error) {
	line = d.line + 1
	tooLong := false
	for d.end == nil {
		var piece []byte
		piece, d.end = d.in.ReadSlice('\n')
		startOfLine := len(text) == 0 || text[len(text)-1] == '\n'
		if errors.Is(d.end, bufio.ErrBufferFull) {
			d.end = nil
		} else {
			d.line++
		}
		if startOfLine && isSeparator(piece) {
			if len(bytes.TrimSpace(text)) > 0 || tooLong {
				break
			}
			text, line = text[:0], d.line+1
			continue
		}
		if len(text)+len(piece) > maxDocument {
			tooLong = true
			text = append(text[:0], '\n')
			continue
		}
		text = append(text, piece...)
	}
	switch {
	case tooLong:
		return nil, line, errTooLong
	case len(bytes.TrimSpace(text)) > 0:
		return text, line, nil
	default:
		return nil, line, d.end
	}
}

func isSeparator(line []byte) bool {
	rest, found := bytes.CutPrefix(line, []byte("---"))
	return found && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\n' || rest[0] == '\r' || rest[0] == '\t')
}

// toJSON converts a document; it is nil when the document holds comments only.
func toJSON(text []byte) ([]byte, error) {
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) > 0 && trimmed[0] == '{' && !bytes.Contains(trimmed[:min(len(trimmed), 2)], []byte("{{")) {
		return trimmed, nil // JSON is checked where it is decoded
	}
	raw, err := yaml.YAMLToJSONStrict(text)
	if err != nil || bytes.Equal(raw, []byte("null")) {
		return nil, err
	}
	return raw, nil
}

// explain says why a document is not readable, and what to do when it is a template.
func explain(text []byte, err error) string {
	if bytes.Contains(text, []byte("{{")) {
		return "this is a template, not a manifest: render it first, for example with 'helm template'"
	}
	message := strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")), " ")
	return "not valid YAML: " + strings.TrimPrefix(message, "yaml: ")
}
