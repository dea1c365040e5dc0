// Package charttest publishes Istio's charts for tests: packed from those that the product brings,
// under any version, by servers in the test's own process.
package charttest
