package graph

//go:generate sh -c "cd ../../../tools/gqlgen && go build -o ../../.cache/gqlgen github.com/99designs/gqlgen"
//go:generate ../../../.cache/gqlgen generate
//go:generate go run ./compat/update schema compat/baseline.graphqls
