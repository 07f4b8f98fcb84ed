package engine

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/causeway-app/causeway/engine/settings"
)

// scraper closes its connections, so that a test leaves none.
var scraper = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func scrape(t *testing.T, address string) string {
	t.Helper()
	response, err := scraper.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%s: %v, %v: %s", response.Status, response.Header, err, text)
	}
	return string(text)
}

// value is that of one sample.
func value(t *testing.T, text, sample string) int64 {
	t.Helper()
	for line := range strings.Lines(text) {
		if rest, found := strings.CutPrefix(line, sample+" "); found {
			number, err := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return number
		}
	}
	t.Fatalf("there is no %s in\n%s", sample, text)
	return 0
}

// eachLine is the text format of Prometheus, with whole numbers.
var eachLine = regexp.MustCompile(`^(# (HELP|TYPE) causeway_[a-z_]+ .+|causeway_[a-z_]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? -?[0-9]+)$`)

func TestCountersCanBeReadAndTellNoNames(t *testing.T) {
	t.Parallel()
	address := loopback(freePort(t))
	b := newBench(t, func(s *settings.Settings) {
		s.Metrics, s.LimitUp = address, 1000
		s.TURN = []settings.TURN{relayOf("turn:a.example"), {URL: "turn:a.example", Username: "bob", Password: "x"}}
	})
	b.start(t)
	secret := filepath.Join(t.TempDir(), "letter to nobody.txt")
	if err := os.WriteFile(secret, []byte("dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Share(t.Context(), []string{secret}); err != nil {
		t.Fatal(err)
	}
	b.until(t, "it waits", func(s State) bool { return s.Transfers[0].Phase == Waiting })
	answers(t, address)
	text := scrape(t, address)
	for line := range strings.Lines(text) {
		if !eachLine.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("not the format: %q", line)
		}
	}
	if strings.Contains(text, "letter") {
		t.Error("the name of a file is told")
	}
	for sample, want := range map[string]int64{
		`causeway_transfers{phase="waiting"}`: 1, `causeway_transfers{phase="failed"}`: 0,
		`causeway_payload_bytes_total{path="relayed",direction="in"}`: 0,
		`causeway_limit_bytes_per_second{direction="out"}`:            1000, `causeway_serving`: 0,
		`causeway_relay_month_bytes{relay="` + relayName("turn:a.example") + `"}`: 0,
	} {
		if got := value(t, text, sample); got != want {
			t.Errorf("%s is %d, want %d", sample, got, want)
		}
	}
	if strings.Count(text, "causeway_relay_month_bytes{") != 1 {
		t.Errorf("one relay is told twice:\n%s", text)
	}
}

func TestAPageOfAnotherHostReadsNoCounters(t *testing.T) {
	t.Parallel()
	address := loopback(freePort(t))
	b := newBench(t, func(s *settings.Settings) { s.Metrics = address })
	b.start(t)
	answers(t, address)
	for host, want := range map[string]int{
		"": http.StatusOK, "localhost": http.StatusOK, "evil.example": http.StatusMisdirectedRequest, "192.168.1.5:80": http.StatusMisdirectedRequest,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		response, err := scraper.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("to %q it says %s", host, response.Status)
		}
	}
}

func TestTheCountersMoveWithTheSettingsAndAFailureIsTold(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	b := newBench(t, func(s *settings.Settings) { s.Metrics = taken.Addr().String() })
	b.start(t)
	told := func(s State) bool {
		return len(s.Problems) == 1 && s.Problems[0].Code == BadSetting && s.Problems[0].Subject == taken.Addr().String()
	}
	b.until(t, "it says that it cannot", told)
	elsewhere := loopback(freePort(t))
	b.configure(t, func(s *settings.Settings) { s.Metrics = elsewhere })
	if now := b.State().Load().Problems; len(now) > 0 {
		t.Errorf("what is over is still told: %v", now)
	}
	answers(t, elsewhere)
	scrape(t, elsewhere)
	b.configure(t, func(s *settings.Settings) { s.Metrics = "" })
	answersNot(t, elsewhere)

	b.configure(t, func(s *settings.Settings) { s.Metrics = "0.0.0.0:9177" })
	b.until(t, "others may not read it", func(s State) bool { return len(s.Problems) == 1 && s.Problems[0].Subject == "0.0.0.0:9177" })
}

func TestALabelsValueCannotEndIt(t *testing.T) {
	var text strings.Builder
	err := writeMetrics(&text, []metricFamily{{name: "m", help: "h", samples: []metricSample{{[]string{"a", "x\\\"\ny", "b", "é"}, 1}}}})
	if want := "# HELP m h\n# TYPE m gauge\nm{a=\"x\\\\\\\"\\ny\",b=\"é\"} 1\n"; err != nil || text.String() != want {
		t.Errorf("wrote %q, %v; want %q", text.String(), err, want)
	}
}
