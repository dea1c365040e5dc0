package cli

import (
	"context"
	"errors"
	"time"

	"github.com/meshmanager/smm/internal/apiclient"
	"github.com/meshmanager/smm/internal/cli/userconfig"
	"github.com/meshmanager/smm/internal/signin"
)

// signedIn is what somebody has who signed in.
type signedIn struct {
	Server string `json:"server"`
	// LoginToken signs in a browser, once and within seconds.
	LoginToken string `json:"loginToken"`
	// Expires is when the ID token does, which is kept for further commands.
	Expires time.Time `json:"expires"`
}

// signIn signs in to the server at an address, or at the one of the last time, and returns a login token for a browser. A
// kept ID token is used while the server accepts it; anew says not to.
func signIn(ctx context.Context, app *App, address string, anew bool) (signedIn, error) {
	path, err := userconfig.Path()
	if err != nil {
		return signedIn{}, err
	}
	name, err := app.contextName()
	if err != nil {
		return signedIn{}, err
	}
	remembered, err := userconfig.Read(path)
	if err != nil {
		return signedIn{}, err
	}
	known := remembered.Contexts[name]
	if address == "" {
		address = known.URL
	}
	if address == "" {
		return signedIn{}, errors.New("no address of a server is known: give it with --url once, or start one here with `smm dashboard`")
	}
	server, err := apiclient.New(address, nil)
	if err != nil {
		return signedIn{}, usageError{err}
	}
	config, err := app.RESTConfig()
	if err != nil {
		return signedIn{}, err
	}
	if kept := known.Token(address, config.Host, time.Now()); kept != "" && !anew {
		token, err := server.LoginToken(ctx, kept)
		if err == nil || !errors.Is(err, apiclient.ErrSignIn) {
			return signedIn{address, token, *known.Expires}, err
		}
	}
	credentials, err := signin.CredentialsOf(config)
	if err != nil {
		return signedIn{}, err
	}
	issued, err := server.Login(ctx, credentials)
	if err != nil {
		return signedIn{}, err
	}
	err = userconfig.Update(path, name, func(c *userconfig.Context) {
		*c = userconfig.Context{URL: address, Cluster: config.Host, IDToken: issued.Token, Expires: &issued.Expires}
	})
	if err != nil {
		return signedIn{}, err
	}
	token, err := server.LoginToken(ctx, issued.Token)
	return signedIn{address, token, issued.Expires}, err
}
