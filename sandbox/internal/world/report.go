//go:build linux

package world

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrNamespaces marks a failure to make namespaces or to act within them. The
// machine is to blame for it then, not the sandbox.
var ErrNamespaces = errors.New("no namespaces")

// report is what a supervisor that just started says to the command that started it.
type report struct {
	Error      string `json:"error"`
	Namespaces bool   `json:"namespaces"`
}

// EncodeReport turns the outcome of the supervisor's start into its report.
func EncodeReport(err error) []byte {
	var r report
	if err != nil {
		r = report{Error: err.Error(), Namespaces: errors.Is(err, ErrNamespaces)}
	}
	message, err := json.Marshal(r)
	if err != nil {
		return []byte(err.Error())
	}
	return message
}

// ParseReport is the inverse of EncodeReport. A supervisor that died without a word failed, too.
func ParseReport(message []byte) error {
	var r report
	if err := json.Unmarshal(message, &r); err != nil {
		return errors.New("the supervisor died while it started")
	}
	switch {
	case r.Error == "":
		return nil
	case r.Namespaces:
		return reportedError{message: r.Error, kind: ErrNamespaces}
	}
	return fmt.Errorf("starting the supervisor: %s", r.Error)
}

type reportedError struct {
	message string
	kind    error
}

func (e reportedError) Error() string { return e.message }
func (e reportedError) Unwrap() error { return e.kind }
