// Package lab is a small internet for tests: computers behind real NATs, on
// one Linux machine, without root.
//
// Each computer is a network namespace with one network device, eth0, a TUN
// device whose other end the test process holds. The test process is the
// internet, and all the routers between: it moves the packets, translates
// their addresses, filters, delays and loses them. What runs on the computers
// are ordinary programs with ordinary sockets.
//
// A story begins with the tests entering a namespace of their own:
//
//	func TestMain(m *testing.M) { lab.Main(m) }
//
// and goes on with a network. Where Linux refuses namespaces or TUN devices,
// New skips the test and says why; RequireVariable makes it fail instead.
//
//	func TestStrangersMeet(t *testing.T) {
//		net := lab.New(t, lab.Options{Delay: 5 * time.Millisecond})
//		server := net.Server("rendezvous")
//		alice := net.Home("alice", lab.PortRestricted)
//		bob := net.Home("bob", lab.Carrier(lab.SymmetricRandom)...)
//		serve := server.Command(t.Context(), "causeway-cli", "serve", "--listen", server.IP4().String()+":8000")
//		...
//		net.Cut(alice, bob)
//		bob.Routers()[0].Readdress()
//	}
//
// # Addresses
//
// Servers are in 203.0.113.0/24 and homes in 198.51.100.0/24 (RFC 5737), each
// with a network of its own. Every home's inside is 192.168.1.0/24 with the
// router at .1 and the first computer at .10: two homes have the same
// addresses, as they do in life. A carrier's inside is 100.64.0.0/10. IPv6 is
// below 2001:db8::/32, a /64 for each home that has it. A private address does
// not cross the internet, whether as source or destination.
//
// # Routers
//
// A NAT says how a router maps, filters and chooses ports, in the words of
// RFC 4787, and what else it does to packets. There are ready ones with the
// names that people use: FullCone, SymmetricRandom, Linux (the kernel's own
// masquerade, as a witness), and so on. A Kind is a chain of them, the home's
// first; Kinds lists those of the tables. CanBeDirect tells which two kinds can
// do without a relay, by reasoning alone.
//
// Routers pass UDP, TCP, ICMP echo and the ICMP errors that belong to them.
// One that translates or filters drops fragments, as many do. TCP has the same
// mappings and filters as UDP. A router may have a port service (NAT.Ports),
// which listens on its inside address in a namespace of the router's own.
//
// # Trouble
//
// While programs run, a computer can lose its link (Down) or just hear nothing
// (Mute), or change its address (Readdress); a router can change its address,
// restart, or get other rules (Set); two computers can be cut apart whatever
// path they try, except by a relay (Cut); delays can change (SetDelay, SetLine).
// Watch shows every packet, for tests that say that none may go from here to
// there.
package lab
