// Package sandboxtest runs sandboxes for tests: it starts them by the command line, ends them whatever happens, looks for
// what they left behind, and reaches their clusters as users and programs do.
package sandboxtest
