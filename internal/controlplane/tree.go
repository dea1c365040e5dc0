package controlplane

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// tree is the nested maps of a chart's values.
type tree map[string]any

// set puts the value at the dotted path. Zero values are left to the chart's defaults. Texts that
// would end the quotes, or the line, that charts print them in are refused.
func (t tree) set(path string, value any) error {
	plain, err := plainValue(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	if isEmpty(plain) {
		return nil
	}
	if err := checkPrintable(plain); err != nil {
		return fmt.Errorf("the chart's value %s: %w", path, err)
	}
	node := map[string]any(t)
	keys := strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		child, ok := node[key].(map[string]any)
		if !ok {
			child = map[string]any{}
			node[key] = child
		}
		node = child
	}
	node[keys[len(keys)-1]] = plain
	return nil
}

// unprintable are the characters that charts cannot take, because they print texts as they are.
const unprintable = "\"\\\n\r\t\x00"

// checkPrintable checks a text or a list of texts. Charts encode maps.
func checkPrintable(value any) error {
	switch v := value.(type) {
	case string:
		if strings.ContainsAny(v, unprintable) {
			return fmt.Errorf("%q holds a quote, a backslash or a control character", v)
		}
	case []any:
		var errs []error
		for _, item := range v {
			errs = append(errs, checkPrintable(item))
		}
		return errors.Join(errs...)
	}
	return nil
}

// plainValue turns typed values into what a decoded JSON document holds, which charts expect.
func plainValue(value any) (any, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var plain any
	return plain, json.Unmarshal(encoded, &plain)
}

// isEmpty tells whether a decoded value says nothing. An explicit false or 0 behind a pointer
// says something; those of plain fields are never passed to set.
func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// merge lays overlay over base, map by map; lists and scalars of the overlay replace those of
// the base. Neither argument is changed.
func merge(base, overlay map[string]any) map[string]any {
	merged := maps.Clone(base)
	if merged == nil {
		merged = map[string]any{}
	}
	for key, value := range overlay {
		over, overIsMap := value.(map[string]any)
		under, underIsMap := merged[key].(map[string]any)
		if overIsMap && underIsMap {
			merged[key] = merge(under, over)
		} else {
			merged[key] = value
		}
	}
	return merged
}
