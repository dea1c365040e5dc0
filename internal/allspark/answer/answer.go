// Package answer is what a demo service answers on every protocol, and what it says of the calls that it made.
package answer

import "encoding/json"

// Answer tells who answers, whom it sees as the caller, and what came of the calls that it made in turn.
type Answer struct {
	Service   string `json:"service"`
	Version   string `json:"version,omitempty"`
	Workload  string `json:"workload,omitempty"`
	Pod       string `json:"pod,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Cluster   string `json:"cluster,omitempty"`
	Protocol  string `json:"protocol"`
	Caller    Caller `json:"caller"`
	Message   string `json:"message,omitempty"` // the result of the workload
	Calls     []Call `json:"calls,omitempty"`
}

// Caller is the caller as the answering service sees it.
type Caller struct {
	Identity  string `json:"identity,omitempty"` // SPIFFE identity, only if the connection proved it
	Workload  string `json:"workload,omitempty"` // what the caller calls itself, only if it fits the identity
	MutualTLS bool   `json:"mutualTLS"`
}

// Call is what came of one entry of the list of requests.
type Call struct {
	Target    string            `json:"target"`
	Sent      int               `json:"sent"`
	Succeeded int               `json:"succeeded"`
	Errors    map[string]int    `json:"errors,omitempty"`   // by code
	Messages  []string          `json:"messages,omitempty"` // of the first errors
	Answers   []json.RawMessage `json:"answers,omitempty"`  // the first of them
}

// Failures counts the calls that have failed behind the service that gave the answer, as far as answers are quoted in
// it, with the messages of the first errors.
func Failures(text json.RawMessage) (failed int, messages []string) {
	var a Answer
	if json.Unmarshal(text, &a) != nil {
		return 0, nil
	}
	for _, call := range a.Calls {
		failed += call.Sent - call.Succeeded
		for _, message := range call.Messages {
			messages = append(messages, a.Service+" to "+call.Target+": "+message)
		}
		for _, quoted := range call.Answers {
			behind, more := Failures(quoted)
			failed += behind
			messages = append(messages, more...)
		}
	}
	return failed, messages
}
