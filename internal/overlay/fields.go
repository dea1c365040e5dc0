package overlay

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/json"
)

// fields is a node of a rendered object. What its methods are given and is empty changes nothing.
type fields map[string]any

// at returns the node under the keys.
func (f fields) at(keys ...string) (node fields, found bool) {
	node = f
	for _, key := range keys {
		if node, found = node[key].(map[string]any); !found {
			return nil, false
		}
	}
	return node, true
}

// item returns the item of a list whose key has the value.
func (f fields) item(list, key, value string) (node fields, found bool) {
	items, _ := f[list].([]any)
	for _, item := range items {
		if node, isMap := item.(map[string]any); isMap && node[key] == value {
			return node, true
		}
	}
	return nil, false
}

// set replaces the field.
func (f fields) set(name string, value any) error {
	decoded, err := plain(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	if !isEmpty(decoded) {
		f[name] = decoded
	}
	return nil
}

// merge lays the value over the field, map by map.
func (f fields) merge(name string, value any) error {
	decoded, err := plain(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	over, isMap := decoded.(map[string]any)
	if !isMap || len(over) == 0 {
		return nil
	}
	under, isMap := f[name].(map[string]any)
	if !isMap {
		under = map[string]any{}
	}
	lay(under, over)
	f[name] = under
	return nil
}

// lay lays one map over another, which it changes. Empty values say nothing.
func lay(under, over map[string]any) {
	for key, value := range over {
		inner, isMap := value.(map[string]any)
		below, wasMap := under[key].(map[string]any)
		switch {
		case isMap && wasMap:
			lay(below, inner)
		case !isEmpty(value):
			under[key] = value
		}
	}
}

// add appends items to the list. An item of the list that has the same value of the key makes way,
// and so does one that is the same in all if there is no key.
func (f fields) add(name, key string, items any) error {
	decoded, err := plain(items)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	added, isList := decoded.([]any)
	if !isList || len(added) == 0 {
		return nil
	}
	present, _ := f[name].([]any)
	taken := map[string]bool{}
	for _, item := range added {
		taken[identity(item, key)] = true
	}
	var list []any
	for _, item := range present {
		if !taken[identity(item, key)] {
			list = append(list, item)
		}
	}
	f[name] = append(list, added...)
	return nil
}

func identity(item any, key string) string {
	if node, isMap := item.(map[string]any); isMap && key != "" {
		return fmt.Sprint(node[key])
	}
	return fmt.Sprint(item)
}

// plain turns typed values into what a decoded object holds.
func plain(value any) (any, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var decoded any
	return decoded, json.Unmarshal(encoded, &decoded)
}

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
