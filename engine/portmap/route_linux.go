package portmap

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// defaultGateway reads the kernel's table: /proc/net/route is that of the
// process's own network namespace.
func defaultGateway() (netip.Addr, error) {
	file, err := os.Open("/proc/net/route")
	if err != nil {
		return netip.Addr{}, err
	}
	defer file.Close()
	return parseRoutes(file)
}

// The flags of linux/route.h.
const (
	routeUp      = 1
	routeGateway = 2
)

// parseRoutes returns the gateway of the default route with the least metric,
// or the zero Addr. Addresses are words in the host's byte order, in
// hexadecimal.
func parseRoutes(table io.Reader) (netip.Addr, error) {
	var gateway netip.Addr
	least := uint64(math.MaxUint64)
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		// Iface Destination Gateway Flags RefCnt Use Metric Mask …
		fields := strings.Fields(lines.Text())
		if len(fields) < 8 || fields[1] != "00000000" || fields[7] != "00000000" {
			continue
		}
		flags, err := strconv.ParseUint(fields[3], 16, 16)
		if err != nil || flags&routeUp == 0 || flags&routeGateway == 0 {
			continue
		}
		metric, err := strconv.ParseUint(fields[6], 10, 64)
		if err != nil || metric >= least {
			continue
		}
		raw, err := hex.DecodeString(fields[2])
		if err != nil || len(raw) != 4 {
			continue
		}
		var address [4]byte
		binary.NativeEndian.PutUint32(address[:], binary.BigEndian.Uint32(raw))
		gateway, least = netip.AddrFrom4(address), metric
	}
	return gateway, lines.Err()
}
