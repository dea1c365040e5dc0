package overlay

import (
	"fmt"
	"strconv"
	"strings"
)

// step is one part of a patch's path.
type step struct {
	// key is a key of a map, an index of a list (counted from its end when negative), - for the
	// place after a list's last item, or field=value for the item whose field has the value.
	key string
	// optional tells that the path need not exist from here on.
	optional bool
}

// parsePath splits a path such as /spec/template/spec/containers/0/args/-. A part that ends with ?
// is optional, and so are those after it.
func parsePath(path string) ([]step, error) {
	rest, rooted := strings.CutPrefix(path, "/")
	if !rooted || rest == "" {
		return nil, fmt.Errorf("path %q does not begin with / and name a field", path)
	}
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	optional := false
	var steps []step
	for part := range strings.SplitSeq(rest, "/") {
		key, marked := strings.CutSuffix(part, "?")
		optional = optional || marked
		if key == "" {
			return nil, fmt.Errorf("path %q has an empty part", path)
		}
		steps = append(steps, step{key: unescape.Replace(key), optional: optional})
	}
	return steps, nil
}

// isAppend tells whether the step is the place after a list's last item.
func (s step) isAppend() bool { return s.key == "-" }

// indexIn returns the position in the list that the step means.
func (s step) indexIn(list []any) (position int, found bool) {
	if field, value, selects := strings.Cut(s.key, "="); selects {
		for i, item := range list {
			fields, isMap := item.(map[string]any)
			if isMap && fields[field] != nil && fmt.Sprint(fields[field]) == value {
				return i, true
			}
		}
		return 0, false
	}
	position, err := strconv.Atoi(s.key)
	if err != nil {
		return 0, false
	}
	if position < 0 {
		position += len(list)
	}
	return position, 0 <= position && position < len(list)
}
