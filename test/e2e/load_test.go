package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/internal/allspark/load"
	"github.com/meshmanager/smm/test/e2e/internal/sandboxtest"
)

// loadWatch adds up what all pods of a load generator have counted, also those that are gone: they say it at their end.
type loadWatch struct {
	t              *testing.T
	namespace, app string
	stop           context.CancelFunc
	readers        sync.WaitGroup

	mu       sync.Mutex
	begun    map[string]load.State // of the pods that ran already, when the watch began
	ended    map[string]load.State // of the pods that have ended
	known    map[string]bool
	warnings []string
}

// followLoad watches the pods of a load generator until the test ends.
func followLoad(t *testing.T, namespace, app string) *loadWatch {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &loadWatch{
		t: t, namespace: namespace, app: app, stop: cancel,
		begun: map[string]load.State{}, ended: map[string]load.State{}, known: map[string]bool{},
	}
	for _, pod := range w.running(ctx) {
		w.begun[pod.Name] = w.state(pod.Name)
	}
	w.readers.Go(func() {
		for ctx.Err() == nil {
			for _, pod := range w.running(ctx) {
				w.follow(ctx, pod.Name)
			}
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		w.readers.Wait()
	})
	return w
}

// running lists the generator's pods whose program runs.
func (w *loadWatch) running(ctx context.Context) []corev1.Pod {
	pods, err := kubernetesClient(w.t).CoreV1().Pods(w.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + w.app})
	if err != nil {
		return nil // the next look will do
	}
	var running []corev1.Pod
	for _, pod := range pods.Items {
		for _, status := range pod.Status.ContainerStatuses {
			if status.Name == w.container() && status.State.Running != nil {
				running = append(running, pod)
			}
		}
	}
	return running
}

func (w *loadWatch) state(pod string) load.State {
	w.t.Helper()
	body, err := sandboxtest.Get(w.t.Context(), forward(w.t, w.namespace, pod, controlPort), "/load", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	var state load.State
	if err := json.Unmarshal(body, &state); err != nil {
		w.t.Fatal(err)
	}
	return state
}

// follow reads a pod's log to its end, if nobody does yet.
func (w *loadWatch) follow(ctx context.Context, pod string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known[pod] {
		return
	}
	w.known[pod] = true
	w.readers.Go(func() {
		since := metav1.Now()
		options := &corev1.PodLogOptions{Container: w.container(), Follow: true}
		if _, old := w.begun[pod]; old {
			options.SinceTime = &since
		}
		log, err := kubernetesClient(w.t).CoreV1().Pods(w.namespace).GetLogs(pod, options).Stream(ctx)
		if err != nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			delete(w.known, pod) // the next look tries again
			return
		}
		defer log.Close()
		for lines := bufio.NewScanner(log); lines.Scan(); {
			w.note(pod, lines.Text())
		}
	})
}

// container is the name of the program's container.
func (w *loadWatch) container() string {
	if w.app == "soak" {
		return "server"
	}
	return w.app
}

func (w *loadWatch) note(pod, line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var entry struct {
		Message string `json:"msg"`
		load.State
	}
	if json.Unmarshal([]byte(line), &entry) != nil {
		return
	}
	switch {
	case entry.Message == "load ended":
		w.ended[pod] = entry.State
	case strings.Contains(entry.Message, "failed") && len(w.warnings) < 20:
		w.warnings = append(w.warnings, pod+": "+line)
	}
}

// awaitMore waits until the present pod has sent so many more requests.
func (w *loadWatch) awaitMore(requests int64) {
	w.t.Helper()
	pods := w.running(w.t.Context())
	if len(pods) == 0 {
		w.t.Fatalf("no pod of %s runs", w.app)
	}
	name := pods[len(pods)-1].Name
	wanted := w.state(name).Sent + requests
	sandboxtest.Eventually(w.t, 5*time.Minute, "more requests are sent", func() error {
		if sent := w.state(name).Sent; sent < wanted {
			time.Sleep(time.Second) // each look opens a port
			return fmt.Errorf("%d of %d", sent, wanted)
		}
		return nil
	})
}

// wantNoFailure fails the test if any call has failed since the watch began.
func (w *loadWatch) wantNoFailure() {
	w.t.Helper()
	var total load.State
	add := func(state load.State, sign int64) {
		total.Sent += sign * state.Sent
		total.Failed += sign * state.Failed
		total.FailedBehind += sign * state.FailedBehind
		total.Skipped += sign * state.Skipped
	}
	for _, state := range w.begun {
		add(state, -1)
	}
	for _, pod := range w.running(w.t.Context()) {
		if sandboxtest.IsReady(&pod) {
			add(w.state(pod.Name), 1)
			w.mu.Lock()
			delete(w.known, pod.Name)
			w.mu.Unlock()
		}
	}
	sandboxtest.Eventually(w.t, sandboxtest.Patience, "every pod of "+w.app+" that is gone has said what it counted", func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		for pod := range w.known {
			if _, told := w.ended[pod]; !told {
				return fmt.Errorf("%s has not", pod)
			}
		}
		return nil
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, state := range w.ended {
		add(state, 1)
	}
	w.t.Logf("%s: %d pods sent %d requests; %d failed, and %d calls behind them; %d were not sent because too many waited",
		w.app, len(w.ended)+1, total.Sent, total.Failed, total.FailedBehind, total.Skipped)
	if total.Failed != 0 || total.FailedBehind != 0 || total.Sent == 0 {
		w.t.Errorf("%s: of %d requests %d failed, and %d calls behind them; want none:\n%s",
			w.app, total.Sent, total.Failed, total.FailedBehind, strings.Join(w.warnings, "\n"))
	}
}
