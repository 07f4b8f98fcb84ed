package words_test

import (
	"strings"
	"testing"

	"github.com/causeway-app/causeway/assets/words"
)

func TestAPathIsExplainedInASentence(t *testing.T) {
	english, chinese := words.In("en"), words.In("zh")
	for _, test := range []struct {
		e      words.Explanation
		en, zh string
	}{
		{words.Explanation{Path: "relayed", Own: []string{"changes-ports"}, Theirs: []string{"filters-by-port"}, Remedies: []string{"map-ports-either", "ipv6-both"}},
			"Relayed: your network changes ports for each destination, and theirs filters by port. Direct would work if either router allowed port mapping (UPnP) or both networks had IPv6.",
			"经过中继：你的网络对每个目标使用不同的端口，对方的网络按端口过滤。如果任意一方的路由器允许端口映射（UPnP），或者双方的网络都有 IPv6，就可以直连。"},
		{words.Explanation{Path: "direct-internet", Opening: "own-mapping"},
			"Direct through the port your router mapped.", "通过你的路由器映射的端口直连。"},
		{words.Explanation{Path: "direct-internet"}, "Direct.", "直连。"},
		{words.Explanation{Path: "direct-lan"}, "Direct on the same network.", "在同一网络内直连。"},
		{words.Explanation{Path: "direct-internet", Forecast: true, Opening: "ipv6"},
			"A direct path is likely by IPv6.", "预计可以通过 IPv6 直连。"},
		{words.Explanation{Path: "relayed", Own: []string{"changes-ports", "carrier-nat"}, Theirs: []string{"changes-ports"}, Remedies: []string{"map-ports-theirs"}},
			"Relayed: both networks change ports for each destination, and yours is behind a second NAT at the provider, which maps no ports. Direct would work if their router allowed port mapping (UPnP).",
			"经过中继：双方的网络都对每个目标使用不同的端口，你的网络位于运营商的第二层 NAT 之后，那里不映射端口。如果对方的路由器允许端口映射（UPnP），就可以直连。"},
		{words.Explanation{Path: "connecting", Own: []string{"udp-blocked", "no-relay"}, Theirs: []string{"no-relay"}, Remedies: []string{"allow-udp-own", "add-relay-own"}},
			"Cannot connect: there is no relay (TURN), and yours lets no UDP out. It would work if your network let UDP out or you had a relay (TURN).", ""},
		{words.Explanation{Path: "relayed"},
			"Relayed, although nothing known of the two networks forbids a direct path.", "经过中继，不过双方网络的已知情况并不妨碍直连。"},
		{words.Explanation{Path: "relayed", Own: []string{"policy-relay"}, Remedies: []string{"other-policy-own"}},
			"Relayed: your setting is “relay only”. Direct would work if your setting allowed other paths.", ""},
		{words.Explanation{Forecast: true, Theirs: []string{"not-known"}},
			"Whether a direct path is possible is not known yet: their network has not been examined enough.", "还不知道能否直连：对方的网络的情况还不够清楚。"},
	} {
		if got := english.Explain(test.e); got != test.en {
			t.Errorf("English: %s\nwant:    %s", got, test.en)
		}
		if got := chinese.Explain(test.e); test.zh != "" && got != test.zh {
			t.Errorf("Chinese: %s\nwant:    %s", got, test.zh)
		}
	}
}

func TestAServersFailureSaysWhatToDo(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		w := words.In(language)
		for _, f := range []words.ServerFailure{
			{Reason: "unauthorized", Stage: "allocate", Server: "turn.example.org", Code: 401, Realm: "example.org"},
			{Reason: "wrong-realm", Server: "turn.example.org", Realm: "example.org", Expected: "old.example", Proven: true},
			{Reason: "wrong-realm", Server: "turn.example.org", Realm: "example.org", Expected: "old.example"},
		} {
			said := w.ServerFailure(f)
			if !strings.Contains(said, f.Server) || !strings.Contains(said, f.Realm) || !strings.Contains(said, f.Expected) {
				t.Errorf("%s: %s", language, said)
			}
		}
		plain := w.ServerFailure(words.ServerFailure{Reason: "unauthorized", Server: "x"})
		if strings.Contains(plain, "“”") || strings.Contains(plain, "()") || strings.Contains(plain, "（）") || strings.Contains(plain, " 0") {
			t.Errorf("%s: %s", language, plain)
		}
	}
}
