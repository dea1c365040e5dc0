package answer_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/allspark/answer"
)

// Calls that fail anywhere behind the service that answers are counted, however deep.
func TestFailures(t *testing.T) {
	encode := func(a answer.Answer) json.RawMessage {
		t.Helper()
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	deep := encode(answer.Answer{Service: "movies", Calls: []answer.Call{
		{Target: "grpc://database:8082", Sent: 3, Succeeded: 1, Messages: []string{"refused"}},
	}})
	text := encode(answer.Answer{Service: "frontpage", Calls: []answer.Call{
		{Target: "grpc://catalog:8082", Sent: 1, Succeeded: 1, Answers: []json.RawMessage{deep}},
		{Target: "grpc://bookings:8082", Sent: 1, Messages: []string{"timed out"}},
	}})
	failed, messages := answer.Failures(text)
	want := []string{"movies to grpc://database:8082: refused", "frontpage to grpc://bookings:8082: timed out"}
	if diff := cmp.Diff(want, messages); failed != 3 || diff != "" {
		t.Errorf("%d failures, want 3; messages (-want +got):\n%s", failed, diff)
	}
	if failed, _ := answer.Failures(json.RawMessage(`"no answer of ours"`)); failed != 0 {
		t.Errorf("%d failures in what is no answer", failed)
	}
}
