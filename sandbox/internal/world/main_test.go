//go:build linux

package world_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/meshmanager/smm/sandbox/internal/cli"
)

// Names under which the test's executable is another program: the sandbox's
// own, and the one that its pods run.
const (
	sandboxProgram = "smm-sandbox"
	podProgram     = "allspark"
)

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case sandboxProgram:
		os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	case podProgram:
		if err := pod(os.Args[1:]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

// pod serves HTTP, or calls each URL until it answers.
func pod(args []string) error {
	if args[0] == "serve" {
		return http.ListenAndServe(":8080", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintln(w, r.RemoteAddr)
		}))
	}
	for _, url := range args[1:] {
		if err := callUntilAnswered(url); err != nil {
			return err
		}
	}
	return nil
}

func callUntilAnswered(url string) error {
	client := http.Client{Timeout: 2 * time.Second}
	deadline := time.Now().Add(20 * time.Second)
	for {
		response, err := client.Get(url)
		if err == nil {
			defer response.Body.Close()
			answer, err := io.ReadAll(response.Body)
			fmt.Printf("%s answers %s", url, answer)
			return err
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}
