package portmap

import (
	"net/netip"
	"strings"
	"testing"
)

func TestTheDefaultRouteIsRead(t *testing.T) {
	t.Parallel()
	const header = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	for _, test := range []struct{ name, table, want string }{
		{"at home", header +
			"wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n" +
			"wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n", "192.168.1.1"},
		{"by cable and by radio", header +
			"wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n" +
			"eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n", "192.168.2.1"},
		{"a tunnel without a gateway", header + "tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0\n", ""},
		{"half of everything", header + "tun0\t00000000\t0100080A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n", ""},
		{"a route that is down", header + "eth0\t00000000\t0102A8C0\t0002\t0\t0\t100\t00000000\t0\t0\t0\n", ""},
		{"nothing", "", ""},
		{"nonsense", header + "eth0\t00000000\tzz\t0003\t0\t0\tx\t00000000\n\n\x00\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			want, _ := netip.ParseAddr(test.want)
			if got, err := parseRoutes(strings.NewReader(test.table)); err != nil || got != want {
				t.Errorf("got %v, %v, want %v", got, err, want)
			}
		})
	}
}
