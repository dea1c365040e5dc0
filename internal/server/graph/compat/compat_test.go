package compat_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/meshmanager/smm/internal/server/graph/compat"
)

const before = `
type Query { one(id: ID!, kind: Kind, first: Int = 10): Thing  all(filter: Filter): [Thing!]! }
type Thing { id: ID!  name: String  size: Int! }
enum Kind { BIG SMALL }
input Filter { name: String  kinds: [Kind!] }
union Any = Thing | Query`

func TestBreaking(t *testing.T) {
	for _, c := range []struct {
		name, after string
		want        []string
	}{
		{"nothing", before, nil},
		{"additions", `
type Query { one(id: ID!, kind: Kind, first: Int = 10, more: Boolean, limit: Int! = 5): Thing  all(filter: Filter): [Thing!]!  other: Int }
type Thing { id: ID!  name: String!  size: Int!  extra: String }
enum Kind { BIG SMALL TINY }
input Filter { name: String  kinds: [Kind!]  more: Int }
union Any = Thing | Query | Other
type Other { id: ID! }`, nil},
		{"removals", `
type Query { one(id: ID!, kind: Kind): Thing }
type Thing { id: ID! }
enum Kind { BIG }
input Filter { name: String }
union Any = Thing`, []string{
			"Any can no longer be a Query", "kinds of Filter is gone", "value SMALL of Kind is gone",
			"first of Query.one is gone", "field Query.all is gone", "field Thing.name is gone", "field Thing.size is gone",
		}},
		{"types", `
type Query { one(id: ID!, kind: Kind!, first: Int = 20): Thing  all(filter: Filter!): [Thing]! }
interface Thing { id: ID!  name: String  size: Int! }
enum Kind { BIG SMALL }
input Filter { name: [String]  kinds: [Kind!]!  needed: Int! }
union Any = Query`, []string{
			"Any can no longer be a Thing", "name of Filter was a String and is a [String]", "kinds of Filter was a [Kind!] and is a [Kind!]!",
			"Filter needs needed, which nobody gives yet", "kind of Query.one was a Kind and is a Kind!",
			`first of Query.one was 10 and is "20" when it is not given`, "field Query.all was a [Thing!]! and is a [Thing]!",
			"filter of Query.all was a Filter and is a Filter!", "type Thing was of kind OBJECT and is of kind INTERFACE",
		}},
		{"a field that may be null", `
type Query { one(id: ID, kind: Kind, first: Int = 10): Thing  all(filter: Filter): [Thing!]! }
type Thing { id: ID  name: String  size: String! }
enum Kind { BIG SMALL }
input Filter { name: String  kinds: [Kind!] }
union Any = Thing | Query`, []string{"field Thing.id was a ID! and is a ID", "field Thing.size was a Int! and is a String!"}},
	} {
		if diff := cmp.Diff(c.want, compat.Breaking(schema(t, before), schema(t, c.after))); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func schema(t *testing.T, text string) *ast.Schema {
	t.Helper()
	parsed, err := gqlparser.LoadSchema(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
