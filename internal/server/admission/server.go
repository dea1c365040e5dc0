package admission

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	admissionregistrationclient "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"
)

const (
	// upkeep is the time between two looks at the certificate and whether it is trusted, upkeepRetry after a failure.
	upkeep      = time.Minute
	upkeepRetry = 5 * time.Second
	// patience bounds one such look.
	patience = 10 * time.Second

	readTimeout     = 5 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 2 * time.Second
)

// Server serves a Handler to the API server, with a certificate that it makes, renews, and has the API server trust.
type Server struct {
	Handler *Handler
	// Listener is where the API server reaches it.
	Listener net.Listener
	// Name is the one that the API server reaches it by.
	Name string
	// Configurations has the ValidatingWebhookConfiguration called Configuration, which somebody else makes.
	Configurations admissionregistrationclient.ValidatingWebhookConfigurationInterface
	Configuration  string
	Log            *slog.Logger

	certificate atomic.Pointer[tls.Certificate]
}

// Run serves until the context ends.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler: s.Handler, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		ErrorLog:    slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug), // of clients that do not trust it yet
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	secure := tls.NewListener(s.Listener, &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: s.current,
	})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.keepTrusted(ctx) })
	group.Go(func() error {
		if err := server.Serve(secure); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve admission reviews: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		if server.Shutdown(end) != nil {
			_ = server.Close() // who still waits gets no warnings
		}
		return nil
	})
	return group.Wait()
}

func (s *Server) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c := s.certificate.Load(); c != nil {
		return c, nil
	}
	return nil, errors.New("the API server does not trust this server yet")
}

// keepTrusted looks after the certificate until the context ends. A failure is told once.
func (s *Server) keepTrusted(ctx context.Context) error {
	told := ""
	for {
		pause := upkeep
		err := s.renew(ctx, time.Now())
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // it is over
		case err != nil:
			pause = upkeepRetry
			if told != err.Error() {
				told = err.Error()
				s.Log.WarnContext(ctx, "nobody is warned about configuration now", "error", err)
			}
		case told != "":
			told = ""
			s.Log.InfoContext(ctx, "the API server trusts the admission warnings again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// renew replaces a certificate that is due, and has the API server trust the one that is served: first that, then it is
// served.
func (s *Server) renew(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	certificate := s.certificate.Load()
	if due(certificate, now) {
		var err error
		if certificate, err = newCertificate(s.Name, now); err != nil {
			return err
		}
	}
	if err := s.publish(ctx, certificate.Leaf, now); err != nil {
		return err
	}
	s.certificate.Store(certificate)
	return nil
}
