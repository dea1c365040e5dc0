package allspark

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/meshmanager/smm/internal/allspark/load"
	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/request"
)

// Off is the listen address of a server that is not wanted.
const Off = "off"

// Config is all that the environment says. See docs/demo-application.md for the variables.
type Config struct {
	Service  string
	Work     func() string // nil for none
	Requests []request.Request
	Timeout  time.Duration // of one call

	// DrainDelay is how long the program serves on after it was told to stop, until callers have heard of it: the news
	// goes through the API server, the control plane and every caller's configuration.
	DrainDelay time.Duration

	HTTP, GRPC, TCP, Control string // listen addresses, or Off
	HTTPEndpoint             string

	Self      mesh.Workload // as far as the environment tells
	Pod       string
	Domain    string
	Bootstrap string // file with the xDS bootstrap, "" unless proxyless
	Sidecar   bool

	LoadTargets []request.Request // not empty in a load generator
	Load        load.Settings
	LoadDir     string // directory with settings that may change, or ""

	LogLevel slog.Level
}

// FromEnvironment reads the configuration. getenv is os.Getenv outside of tests.
func FromEnvironment(getenv func(string) string) (Config, error) {
	env := environment{getenv: getenv}
	c := Config{
		Requests:     env.requests("REQUESTS"),
		Timeout:      env.duration("REQUEST_TIMEOUT", 10*time.Second),
		DrainDelay:   env.duration("DRAIN_DELAY", 3*time.Second),
		HTTP:         env.address("HTTPSERVER_LISTENADDRESS", "0.0.0.0:8080"),
		Control:      env.address("CONTROL_LISTENADDRESS", "0.0.0.0:8081"),
		GRPC:         env.address("GRPCSERVER_LISTENADDRESS", "0.0.0.0:8082"),
		TCP:          env.address("TCPSERVER_LISTENADDRESS", "0.0.0.0:8083"),
		HTTPEndpoint: cmp.Or(getenv("HTTPSERVER_ENDPOINT"), "/"),
		Pod:          cmp.Or(getenv("POD_NAME"), hostname()),
		Domain:       cmp.Or(getenv("CLUSTER_DOMAIN"), mesh.DefaultDomain),
		Bootstrap:    getenv("GRPC_XDS_BOOTSTRAP"),
		Sidecar:      env.boolean("SIDECAR", false),
		LoadTargets:  env.requests("LOAD_TARGET"),
		Load:         env.load(),
		LoadDir:      getenv("LOAD_DIR"),
	}
	c.Service = cmp.Or(getenv("SERVICE_NAME"), c.Pod)
	c.Self = mesh.Workload{
		Name:           getenv("WORKLOAD_NAME"),
		Namespace:      getenv("POD_NAMESPACE"),
		ServiceAccount: getenv("SERVICE_ACCOUNT"),
		Version:        getenv("SERVICE_VERSION"),
		Cluster:        getenv("CLUSTER_NAME"),
	}
	if !env.boolean("PROXYLESS", c.Bootstrap != "") {
		c.Bootstrap = ""
	} else if c.Bootstrap == "" {
		env.fail("PROXYLESS", fmt.Errorf("it needs GRPC_XDS_BOOTSTRAP, which Istio's grpc-agent template sets"))
	}
	var err error
	c.Work, err = workload(getenv("WORKLOAD"), getenv("ECHO_STR"), env.terms("PI_COUNT"))
	env.fail("WORKLOAD", err)
	env.fail("LOG_LEVEL", c.LogLevel.UnmarshalText([]byte(cmp.Or(getenv("LOG_LEVEL"), "info"))))
	return c, env.err
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

// environment reads variables of several types and keeps the first error.
type environment struct {
	getenv func(string) string
	err    error
}

func (e *environment) fail(name string, err error) {
	if err != nil && e.err == nil {
		e.err = fmt.Errorf("environment variable %s: %w", name, err)
	}
}

func (e *environment) requests(name string) []request.Request {
	requests, err := request.Parse(e.getenv(name))
	e.fail(name, err)
	return requests
}

func (e *environment) duration(name string, fallback time.Duration) time.Duration {
	text := e.getenv(name)
	if text == "" {
		return fallback
	}
	d, err := time.ParseDuration(text)
	if err == nil && d <= 0 {
		err = fmt.Errorf("%s is not positive", d)
	}
	e.fail(name, err)
	return d
}

func (e *environment) boolean(name string, fallback bool) bool {
	text := e.getenv(name)
	if text == "" {
		return fallback
	}
	b, err := strconv.ParseBool(text)
	e.fail(name, err)
	return b
}

func (e *environment) address(name, fallback string) string {
	text := cmp.Or(e.getenv(name), fallback)
	if text == Off {
		return Off
	}
	_, _, err := net.SplitHostPort(text)
	e.fail(name, err)
	return text
}

func (e *environment) terms(name string) int {
	text := e.getenv(name)
	if text == "" {
		return defaultTerms
	}
	n, err := strconv.Atoi(text)
	if err == nil && (n < 1 || n > maxTerms) {
		err = fmt.Errorf("%d is not between 1 and %d", n, maxTerms)
	}
	e.fail(name, err)
	return n
}

// load reads the settings of the load generator.
func (e *environment) load() load.Settings {
	values := map[string]string{}
	for key, name := range map[string]string{
		load.KeyEnabled: "LOAD_ENABLED", load.KeyMinRPS: "LOAD_MIN_RPS",
		load.KeyMaxRPS: "LOAD_MAX_RPS", load.KeySwingPeriod: "LOAD_SWING_PERIOD",
	} {
		if text := e.getenv(name); text != "" {
			values[key] = text
		}
	}
	settings, err := load.Defaults().Parse(values)
	e.fail("LOAD_*", err)
	return settings
}
