package sandboxtest

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/internal/allspark/request"
	"github.com/meshmanager/smm/internal/allspark/serve"
)

// ControlPort is the control port of the demo application's program.
const ControlPort = 8081

// trustDomain is that of the meshes that tests make.
const trustDomain = "cluster.local"

// Identity is the SPIFFE identity of a service account.
func Identity(namespace, serviceAccount string) string {
	return "spiffe://" + trustDomain + "/ns/" + namespace + "/sa/" + serviceAccount
}

// Caller makes calls from within a pod of the demo application's program.
type Caller struct {
	T       *testing.T
	Address string // of the control port, on this machine
}

// CallerIn makes calls from the pod until the test ends.
func (c *Cluster) CallerIn(t *testing.T, namespace, pod string) Caller {
	t.Helper()
	address, err := c.Forward(t, namespace, pod, ControlPort)
	if err != nil {
		t.Fatal(err)
	}
	return Caller{T: t, Address: address}
}

// Call makes n calls to the target, with options of the program's control port (name=value), and fails the test only
// if nothing can be said of them.
func (c Caller) Call(target string, n int, options ...string) serve.Report {
	c.T.Helper()
	report, err := c.Try(target, n, options...)
	if err != nil {
		c.T.Fatal(err)
	}
	return report
}

// Try does the same and returns why nothing can be said of the calls.
func (c Caller) Try(target string, n int, options ...string) (serve.Report, error) {
	ctx, cancel := context.WithTimeout(c.T.Context(), CommandTimeout)
	defer cancel()
	query := url.Values{"target": {target}, "n": {strconv.Itoa(n)}}
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		query.Set(name, value)
	}
	body, err := Get(ctx, c.Address, "/call", query)
	var report serve.Report
	if err == nil {
		err = json.Unmarshal(body, &report)
	}
	return report, err
}

// Requests reads the calls that a pod of the program is configured to make.
func Requests(t *testing.T, pod *corev1.Pod) []request.Request {
	t.Helper()
	var all []request.Request
	for _, container := range pod.Spec.Containers {
		for _, env := range container.Env {
			if env.Name != "REQUESTS" && env.Name != "LOAD_TARGET" {
				continue
			}
			requests, err := request.Parse(env.Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, requests...)
		}
	}
	return all
}
