package node

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// programName is the executable that the containers of these tests run: this test's own.
const programName = "testprogram"

// program is what a container of these tests does, as its arguments say. It never returns.
func program(args []string) {
	switch args[0] {
	case "sleep": // until killed; it can be from when /tmp/up is there
		appendTo("/tmp/up", "up")
		time.Sleep(time.Hour)
	case "cat": // PATH...
		for _, path := range args[1:] {
			data, err := os.ReadFile(path)
			check(err)
			os.Stdout.Write(data)
		}
	case "env": // NAME...
		for _, name := range args[1:] {
			fmt.Printf("%s=%s\n", name, os.Getenv(name))
		}
	case "append": // PATH TEXT
		appendTo(args[1], args[2])
	case "remove": // PATH
		check(os.Remove(args[1]))
	case "exists": // PATH
		_, err := os.Stat(args[1])
		check(err)
	case "exit": // CODE MESSAGE
		fmt.Fprintln(os.Stderr, args[2])
		code, err := strconv.Atoi(args[1])
		check(err)
		os.Exit(code)
	case "pause": // MILLISECONDS PATH TEXT: note the beginning and the end
		appendTo(args[2], args[3]+" begins")
		duration, err := strconv.Atoi(args[1])
		check(err)
		time.Sleep(time.Duration(duration) * time.Millisecond)
		appendTo(args[2], args[3]+" ends")
	case "trap": // PATH TEXT: say it, note the beginning and SIGTERM, then end
		fmt.Println(args[2])
		terminated := make(chan os.Signal, 1)
		signal.Notify(terminated, syscall.SIGTERM)
		appendTo(args[1], args[2]+" begins")
		<-terminated
		appendTo(args[1], args[2]+" ends")
	case "deaf": // ignore SIGTERM, from when /tmp/deaf is there
		signal.Ignore(syscall.SIGTERM)
		appendTo("/tmp/deaf", "deaf")
		time.Sleep(time.Hour)
	case "serve": // PORT: well as long as /tmp/sick is not there
		check(http.ListenAndServe(":"+args[1], http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if _, err := os.Stat("/tmp/sick"); err == nil {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})))
	default:
		check(fmt.Errorf("no action %q", args[0]))
	}
	os.Exit(0)
}

func appendTo(path, line string) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	check(err)
	_, err = fmt.Fprintln(file, line)
	check(err)
	check(file.Close())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
