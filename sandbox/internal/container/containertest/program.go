package containertest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const programPath = "/usr/local/bin/containertest-program"

// View is what the program sees of its container.
type View struct {
	Args, Env         []string
	Dir, Hostname     string
	PID               int
	Processes         []string
	Files             map[string]string
	Devices, Root     []string
	Bounding, Address string
}

// Actions are the program's first argument; the others are the action's.
const (
	ActionView      = "view"      // print a View as JSON
	ActionExit      = "exit"      // CODE
	ActionPrint     = "print"     // STREAM TEXT, as it is
	ActionLines     = "lines"     // COUNT WIDTH
	ActionRead      = "read"      // PATH
	ActionWrite     = "write"     // PATH TEXT
	ActionSleep     = "sleep"     // until killed
	ActionIgnore    = "ignore"    // ignore SIGTERM, print "ready", then sleep
	ActionTrap      = "trap"      // print "ready", exit with 7 at SIGTERM
	ActionFamily    = "family"    // start a child that sleeps, then sleep
	ActionEcho      = "echo"      // copy stdin to stdout
	ActionListen    = "listen"    // PORT; serve "hello\n" to each connection
	ActionSignal    = "signal"    // NUMBER, sent to itself
	ActionBusy      = "busy"      // MILLISECONDS of processor time, BYTES to hold; print "busy", then sleep
	ActionSpin      = "spin"      // MILLISECONDS of processor time
	ActionTerminal  = "terminal"  // print the terminal's size at each line of stdin
	ActionTickEvery = "tickevery" // MILLISECONDS; print a counter
)

// program never returns.
func program(args []string) {
	action, ok := actions()[args[0]]
	if !ok {
		check(fmt.Errorf("no action %q", args[0]))
	}
	action(args[1:])
	os.Exit(0)
}

// arguments are those of an action.
type arguments []string

func (a arguments) number(i int) int {
	n, err := strconv.Atoi(a[i])
	check(err)
	return n
}

func (a arguments) milliseconds(i int) time.Duration {
	return time.Duration(a.number(i)) * time.Millisecond
}

func actions() map[string]func(arguments) {
	return map[string]func(arguments){
		ActionView:      func(arguments) { check(json.NewEncoder(os.Stdout).Encode(view())) },
		ActionExit:      func(a arguments) { os.Exit(a.number(0)) },
		ActionPrint:     func(a arguments) { write(a[0], a[1]) },
		ActionLines:     func(a arguments) { lines(a.number(0), a.number(1)) },
		ActionRead:      func(a arguments) { read(a[0]) },
		ActionWrite:     func(a arguments) { check(os.WriteFile(a[0], []byte(a[1]), 0o644)) },
		ActionSleep:     func(arguments) { sleep() },
		ActionIgnore:    func(arguments) { ignore() },
		ActionTrap:      func(arguments) { trap() },
		ActionFamily:    func(arguments) { family() },
		ActionEcho:      func(arguments) { echo() },
		ActionListen:    func(a arguments) { listen(a[0]) },
		ActionSignal:    func(a arguments) { raise(syscall.Signal(a.number(0))) },
		ActionBusy:      func(a arguments) { busy(a.milliseconds(0), a.number(1)) },
		ActionSpin:      func(a arguments) { spin(a.milliseconds(0)) },
		ActionTerminal:  func(arguments) { terminal() },
		ActionTickEvery: func(a arguments) { tick(a.milliseconds(0)) },
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(stream, text string) {
	to := map[string]*os.File{"stdout": os.Stdout, "stderr": os.Stderr}[stream]
	_, err := to.WriteString(text)
	check(err)
}

func lines(count, width int) {
	out := bufio.NewWriter(os.Stdout)
	for i := range count {
		fmt.Fprintf(out, "%0*d\n", width, i)
	}
	check(out.Flush())
}

func read(path string) {
	content, err := os.ReadFile(path)
	check(err)
	os.Stdout.Write(content)
}

func sleep() {
	for {
		time.Sleep(time.Hour)
	}
}

func view() View {
	v := View{Args: os.Args, Env: os.Environ(), PID: os.Getpid(), Files: map[string]string{}}
	v.Dir, _ = os.Getwd()
	v.Hostname, _ = os.Hostname()
	v.Processes, _ = filepath.Glob("/proc/[0-9]*")
	for _, path := range []string{"/etc/hosts", "/etc/resolv.conf", "/etc/hostname"} {
		content, _ := os.ReadFile(path)
		v.Files[path] = string(content)
	}
	v.Devices, _ = filepath.Glob("/dev/*")
	v.Root, _ = filepath.Glob("/*")
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if bounding, ok := strings.CutPrefix(line, "CapBnd:"); ok {
			v.Bounding = strings.TrimSpace(bounding)
		}
	}
	if eth0, err := net.InterfaceByName("eth0"); err == nil {
		addresses, _ := eth0.Addrs()
		v.Address = addresses[0].String()
	}
	return v
}

func ignore() {
	signal.Ignore(syscall.SIGTERM)
	fmt.Println("ready")
	sleep()
}

func trap() {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	fmt.Println("ready")
	<-terminated
	fmt.Println("terminated")
	os.Exit(7)
}

func family() {
	child := exec.CommandContext(context.Background(), programPath, ActionSleep)
	child.Stdout = os.Stdout
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	check(child.Start())
	fmt.Println("ready")
	sleep()
}

func echo() {
	_, err := io.Copy(os.Stdout, os.Stdin)
	check(err)
}

func listen(port string) {
	listener, err := net.Listen("tcp", ":"+port)
	check(err)
	fmt.Println("ready")
	for {
		conn, err := listener.Accept()
		check(err)
		fmt.Fprintln(conn, "hello")
		conn.Close()
	}
}

func raise(number syscall.Signal) {
	signal.Reset()
	check(syscall.Kill(os.Getpid(), number))
	sleep()
}

func busy(duration time.Duration, bytes int) {
	memory := make([]byte, bytes)
	for i := 0; i < len(memory); i += os.Getpagesize() {
		memory[i] = 1
	}
	spin(duration)
	fmt.Println("busy")
	sleep()
	fmt.Fprint(io.Discard, memory[0])
}

func spin(duration time.Duration) {
	var used unix.Timespec
	for time.Duration(used.Nano()) < duration {
		check(unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &used))
	}
}

func terminal() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		size, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
		check(err)
		fmt.Printf("%s: %d columns, %d rows\n", lines.Text(), size.Col, size.Row)
	}
}

func tick(period time.Duration) {
	for i := 0; ; i++ {
		fmt.Println(i)
		time.Sleep(period)
	}
}
