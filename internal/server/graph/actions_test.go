package graph_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// What takes its time is done with the user's rights too, and tells how it ends.
func TestFollowedActions(t *testing.T) {
	l := newLab(t)
	send := func(namespace, name, more string) string {
		return fmt.Sprintf(`subscription { sendRequests(service: "service:c1:%s:%s-service", port: 80, %s) { sent failed problem finished answers { status count } } }`,
			namespace, name, more)
	}
	for name, test := range map[string]struct{ subscription, want string }{
		"requests where one may not": {send(l.closed, hidden, "requests: 1"), "does not allow you to get services/proxy in namespace " + l.closed},
		"requests with another verb": {send(l.closed, hidden, "method: POST"), "does not allow you to create services/proxy"},
		"requests elsewhere":         {send(l.open, "visible", `path: "//example.org/"`), "give one such as /status"},
		"requests out of the proxy":  {send(l.open, "visible", `path: "/../../pods"`), "give one such as /status"},
		"too many requests":          {send(l.open, "visible", "requests: 1000000"), "give a number from 1 to 100000"},
		"requests that nobody takes": { // no controller runs here that would make endpoints of the service
			send(l.open, "visible", "requests: 3, perSecond: 50"), `not found","finished":true,"answers":[{"status":404,"count":3}]`,
		},
		"migration where one may not": {
			fmt.Sprintf(`subscription { migrateNamespace(cluster: "c1", namespace: %q, to: "a") { text } }`, l.closed), "forbidden",
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			last := ""
			for told := range l.follow(ctx, t, l.jane, test.subscription) {
				last = told
				if strings.Contains(told, test.want) {
					return
				}
			}
			t.Errorf("no %s in %s", test.want, last)
		})
	}
	if answer := l.ask(t, l.jane, fmt.Sprintf(`{ migrationPlan(cluster: "c1", namespace: %q) { to } }`, l.closed)); !strings.Contains(answer.errors, "forbidden") {
		t.Errorf("the plan of a migration: %s %s", answer.data, answer.errors)
	}
}
