package podenv

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// Command returns a container's whole argument vector: its command, or else the entry point of its image, followed
// by its arguments. References to variables of the environment are replaced.
func Command(c *corev1.Container, entrypoint []string, environment map[string]string) []string {
	argv := Expand(c.Command, environment)
	if len(argv) == 0 {
		argv = append(argv, entrypoint...)
	}
	return append(argv, Expand(c.Args, environment)...)
}

// Expand replaces $(NAME) by the value of a variable in each word. $$ stands for one $, and a reference
// to an unknown variable stays as it is.
func Expand(words []string, environment map[string]string) []string {
	mapping := expansion.MappingFuncFor(environment)
	expanded := make([]string, 0, len(words))
	for _, word := range words {
		expanded = append(expanded, expansion.Expand(word, mapping))
	}
	return expanded
}
