package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/meshmanager/smm/internal/platform"
	"github.com/meshmanager/smm/internal/server/session"
	"github.com/meshmanager/smm/internal/signin"
)

// dashboardPort is the documented port.
const dashboardPort = 50500

// dashboardOptions are the flags of `smm dashboard`.
type dashboardOptions struct {
	address   string
	port      int
	noBrowser bool
	local     bool
	peers     peerOptions
	serving   servingOptions
}

func newDashboardCommand(app *App) *cobra.Command {
	options := dashboardOptions{port: dashboardPort}
	cmd := &cobra.Command{
		Use:   "dashboard",
		Short: "Open the dashboard in a browser, signed in",
		Long: `Opens the dashboard of the server at --url, signed in with the credentials of your kubeconfig.

Without --url, it is the server in the cluster, the ControlPlane's component smm.application, through a port of this machine.
Where the cluster has none, or with --local, the dashboard is served on this machine and for you alone, with your own rights in
the cluster. Both end when you stop it with Ctrl-C.`,
		Example: `  smm dashboard
  smm dashboard --no-browser --port 8080
  smm dashboard --url https://mesh.example.org`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if options.address != "" {
				return openSignedIn(cmd.Context(), app, options, options.address)
			}
			return runDashboard(cmd.Context(), app, options)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.address, "url", "", "`address` of a server that runs elsewhere")
	flags.IntVar(&options.port, "port", options.port, "`port` on this machine")
	flags.BoolVar(&options.local, "local", false, "serve it on this machine also where the cluster has a server")
	flags.BoolVar(&options.noBrowser, "no-browser", false, "do not open a browser")
	options.peers.register(flags)
	options.serving.register(flags)
	return cmd
}

// runDashboard opens the dashboard of the server in the cluster, or serves it here where there is none. Metrics backends
// and peers that flags name are for the latter.
func runDashboard(ctx context.Context, app *App, options dashboardOptions) error {
	config, err := app.Connect(ctx)
	if err != nil {
		return err
	}
	if !options.local && len(options.serving.metrics.urls)+len(options.peers.kubeconfigs) == 0 {
		server, reason, err := serverInCluster(ctx, config)
		if err != nil {
			return err
		}
		if server != nil {
			return forwardDashboard(ctx, app, options, server)
		}
		if reason != "" {
			app.warn("%s: it is served on this machine instead", reason)
		}
	}
	return serveDashboard(ctx, app, options, config)
}

// serveDashboard serves for the one user whose kubeconfig it is.
func serveDashboard(ctx context.Context, app *App, options dashboardOptions, config *rest.Config) error {
	user, err := userOf(ctx, config)
	if err != nil {
		return err
	}
	clusterName, err := clusterNameFor(app)
	if err != nil {
		return err
	}
	listener, err := listenLocally(options.port)
	if err != nil {
		return err
	}
	log := app.serverLog()
	tokens := signin.NewTokens(signin.NewKeys(), platform.DefaultMeshID, time.Now)
	settings := session.Settings{Owner: &user, InsecureCookies: true, Now: time.Now, Log: log}
	token, err := tokens.IssueLogin(ctx, user)
	if err != nil {
		return err
	}
	served := "http://" + listener.Addr().String()
	if err := openDashboard(ctx, app, options, served, token); err != nil {
		app.warn("%v", err)
	}
	fmt.Fprintf(app.Err, "It is served for %s until you press Ctrl-C. To sign in another browser: smm login --url %s\n", user.Name, served)
	peers, err := options.peers.source(app, config)
	if err != nil {
		return err
	}
	s := site{
		app: app, config: config, cluster: clusterName, peers: peers, options: options.serving, log: log,
		sessions: session.New(settings, signin.NewVerifier(config), tokens),
	}
	return s.serve(ctx, listener)
}

// listenLocally listens on a port for programs of this machine.
func listenLocally(port int) (net.Listener, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is in use: stop what serves there, or choose another one with --port", port)
	}
	return listener, err
}

// userOf asks the cluster whose kubeconfig it is.
func userOf(ctx context.Context, config *rest.Config) (signin.User, error) {
	credentials, err := signin.CredentialsOf(config)
	if err != nil {
		return signin.User{}, err
	}
	return signin.NewVerifier(config).Verify(ctx, credentials)
}

// openDashboard opens a browser that is signed in, unless there is no token. The token is in the fragment of the address, which browsers send to
// nobody, and of no use after some seconds.
func openDashboard(ctx context.Context, app *App, options dashboardOptions, address, token string) error {
	fmt.Fprintf(app.Out, "The dashboard is at %s\n", address)
	if options.noBrowser {
		return nil
	}
	page := strings.TrimSuffix(address, "/") + "/"
	if token != "" {
		page += "#token=" + url.QueryEscape(token)
	}
	if err := openBrowser(ctx, page); err != nil {
		return fmt.Errorf("no browser could be opened (%w): open %s yourself", err, address)
	}
	return nil
}

// openBrowser starts the desktop's browser.
func openBrowser(ctx context.Context, address string) error {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	command := exec.CommandContext(context.WithoutCancel(ctx), name, args...)
	if err := command.Start(); err != nil {
		return err
	}
	go func() { _ = command.Wait() }() // the browser may live on
	return nil
}
