// Package compat tells which changes of the API's schema break those who use it.
package compat

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Breaking lists what a query, or a program that reads the answers, could have relied on and the new schema lacks.
// Additions break nothing, except required arguments and input fields.
func Breaking(before, after *ast.Schema) []string {
	c := comparison{}
	for _, name := range slices.Sorted(maps.Keys(before.Types)) {
		if old := before.Types[name]; !old.BuiltIn && !strings.HasPrefix(name, "__") {
			c.definition(old, after.Types[name])
		}
	}
	return c.found
}

type comparison struct{ found []string }

func (c *comparison) say(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

func (c *comparison) definition(before, after *ast.Definition) {
	switch {
	case after == nil:
		c.say("type %s is gone", before.Name)
		return
	case before.Kind != after.Kind:
		c.say("type %s was of kind %s and is of kind %s", before.Name, before.Kind, after.Kind)
		return
	}
	for _, value := range before.EnumValues {
		if after.EnumValues.ForName(value.Name) == nil {
			c.say("value %s of %s is gone", value.Name, before.Name)
		}
	}
	for _, member := range before.Types {
		if !slices.Contains(after.Types, member) {
			c.say("%s can no longer be a %s", before.Name, member)
		}
	}
	for _, name := range before.Interfaces {
		if !slices.Contains(after.Interfaces, name) {
			c.say("type %s is no longer a %s", before.Name, name)
		}
	}
	if before.Kind == ast.InputObject {
		c.input(before.Name, inputs(before.Fields), inputs(after.Fields))
		return
	}
	for _, field := range before.Fields {
		c.field(before.Name+"."+field.Name, field, after.Fields.ForName(field.Name))
	}
}

func (c *comparison) field(name string, before, after *ast.FieldDefinition) {
	if strings.HasPrefix(before.Name, "__") {
		return
	}
	if after == nil {
		c.say("field %s is gone", name)
		return
	}
	if !narrower(before.Type, after.Type) {
		c.say("field %s was a %s and is a %s", name, before.Type, after.Type)
	}
	c.input(name, arguments(before.Arguments), arguments(after.Arguments))
}

// given is what a client may give: an argument, or a field of an input.
type given struct {
	name     string
	typed    *ast.Type
	optional bool // by its type, or as it has a default
	fallback string
}

func inputs(fields ast.FieldList) []given {
	var all []given
	for _, f := range fields {
		all = append(all, given{f.Name, f.Type, !f.Type.NonNull || f.DefaultValue != nil, text(f.DefaultValue)})
	}
	return all
}

func arguments(list ast.ArgumentDefinitionList) []given {
	var all []given
	for _, a := range list {
		all = append(all, given{a.Name, a.Type, !a.Type.NonNull || a.DefaultValue != nil, text(a.DefaultValue)})
	}
	return all
}

func text(value *ast.Value) string {
	if value == nil {
		return ""
	}
	return value.String()
}

func (c *comparison) input(of string, before, after []given) {
	known := map[string]given{}
	for _, g := range before {
		known[g.name] = g
	}
	for _, now := range after {
		old, was := known[now.name]
		delete(known, now.name)
		switch {
		case !was && !now.optional:
			c.say("%s needs %s, which nobody gives yet", of, now.name)
		case was && !narrower(now.typed, old.typed) && (!old.optional || !now.optional || !sameButNull(old.typed, now.typed)):
			c.say("%s of %s was a %s and is a %s", now.name, of, old.typed, now.typed)
		case was && old.fallback != "" && old.fallback != now.fallback:
			c.say("%s of %s was %s and is %q when it is not given", now.name, of, old.fallback, now.fallback)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		c.say("%s of %s is gone", name, of)
	}
}

// narrower tells whether everything of the new type is of the old one: a value that may no longer be null is.
func narrower(before, after *ast.Type) bool {
	if before.NonNull && !after.NonNull {
		return false
	}
	if (before.Elem == nil) != (after.Elem == nil) {
		return false
	}
	if before.Elem != nil {
		return narrower(before.Elem, after.Elem)
	}
	return before.NamedType == after.NamedType
}

// sameButNull tells whether two types differ at most in whether they may be null.
func sameButNull(a, b *ast.Type) bool {
	return strings.TrimSuffix(a.String(), "!") == strings.TrimSuffix(b.String(), "!")
}
