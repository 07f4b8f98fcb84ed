package netcheck

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// captivePatience is how long the page that answers 204 may take.
const captivePatience = 3 * time.Second

// captive asks for a page that has no content. Networks that want a login first
// answer with a page of their own, or lead to it. It goes by plain HTTP, which
// is what they change, and past any proxy.
func (c *check) captive(ctx context.Context) string {
	if c.config.Captive == "" {
		return ""
	}
	ctx, stop := context.WithTimeout(ctx, captivePatience)
	defer stop()
	transport := &http.Transport{Proxy: nil, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.config.Captive, nil)
	if err != nil {
		c.log.Info("the page for captive networks cannot be asked for", "error", err)
		return ""
	}
	response, err := client.Do(request)
	if err != nil {
		c.log.Info("the page for captive networks does not answer", "error", err)
		return ""
	}
	_ = response.Body.Close()
	if response.StatusCode == http.StatusNoContent {
		return ""
	}
	if to, err := response.Location(); err == nil {
		return short(to.String())
	}
	return c.config.Captive
}

// environmentProxy is the proxy of the environment for web pages, as browsers and most
// programs take it; without its password. A proxy does not carry UDP.
func environmentProxy() string {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"} {
		text := strings.TrimSpace(os.Getenv(name))
		if text == "" {
			continue
		}
		if !strings.Contains(text, "://") {
			text = "http://" + text
		}
		at, err := url.Parse(text)
		if err != nil || at.Host == "" {
			continue
		}
		at.User = nil
		return at.String()
	}
	return ""
}
