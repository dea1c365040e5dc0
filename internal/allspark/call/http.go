package call

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/metrics"
	"github.com/meshmanager/smm/internal/allspark/request"
)

func newHTTPClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			MaxIdleConnsPerHost: 32,
			IdleConnTimeout:     time.Minute,
			TLSHandshakeTimeout: 5 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (c *Caller) callHTTP(ctx context.Context, r request.Request, options Options) Result {
	httpRequest, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Protocol+"://"+r.Address()+r.Path, nil)
	if err != nil {
		return failed(err)
	}
	httpRequest.Header.Set("User-Agent", "allspark")
	for name, value := range options.Headers {
		httpRequest.Header.Set(name, value)
	}
	start := time.Now()
	response, err := c.http.Do(httpRequest)
	e := c.exchange(request.HTTP, c.self.ResolveHost(r.Host), mesh.Peer{}, "")
	if err != nil {
		e.Flags = flagOf(codeOf(err))
		c.recorder.Request(metrics.Request{Exchange: e, Code: metrics.CodeNoResponse, Duration: time.Since(start)})
		return failed(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	c.recorder.Request(metrics.Request{
		Exchange: e, Code: strconv.Itoa(response.StatusCode), Duration: time.Since(start), ResponseBytes: int64(len(body)),
	})
	if err != nil {
		return failed(err)
	}
	result := Result{Answer: body, Code: httpCode(response.StatusCode)}
	if result.Code != CodeOK {
		result.Err = fmt.Errorf("%s answered %s", r.URL(), response.Status)
	}
	return result
}
