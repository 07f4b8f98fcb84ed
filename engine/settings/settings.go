// Package settings is the settings file, its limits, and where files live.
package settings

import "github.com/causeway-app/causeway/engine/path"

// Settings are the user's choices. The zero value is not useful; start from
// Default.
type Settings struct {
	// Name is what peers see this computer called.
	Name string `json:"name"`
	// DownloadDir is where shares arrive.
	DownloadDir string `json:"download_dir"`
	// Rendezvous are ws:// or wss:// URLs of WebTorrent trackers.
	Rendezvous []string `json:"rendezvous"`
	// STUN are stun: URIs (RFC 7064).
	STUN []string `json:"stun"`
	// TURN are tried in order of measured round trip.
	TURN []TURN `json:"turn"`
	// Policy limits paths, for every transfer.
	Policy path.Policy `json:"policy"`
	// LimitUp and LimitDown are in bytes a second; 0 is no limit.
	LimitUp   int64 `json:"limit_up"`
	LimitDown int64 `json:"limit_down"`
	// RelayMonth and RelayTransfer are the bytes, in and out together, that may
	// go by relays in a calendar month and in one transfer before the user is
	// asked; 0 is no limit.
	RelayMonth    int64 `json:"relay_month"`
	RelayTransfer int64 `json:"relay_transfer"`
	// RelayRate is the most that goes by relays, in bytes a second, in and out
	// together; 0 is no limit.
	RelayRate int64 `json:"relay_rate"`
	// PortMapping lets the home router be asked to pass ports on to this
	// computer (PCP, NAT-PMP, UPnP), so that peers reach it without a relay.
	PortMapping bool `json:"port_mapping"`

	// LimitLAN makes LimitUp and LimitDown hold for peers in the same network too.
	LimitLAN bool `json:"limit_lan"`
	// Schedule has other limits at certain hours.
	Schedule Schedule `json:"schedule"`
	// PortMin and PortMax are the UDP ports of direct connections; both 0 means
	// any that is free.
	PortMin uint16 `json:"port_min"`
	PortMax uint16 `json:"port_max"`
	// Serve makes this computer a rendezvous and a relay for others.
	Serve Serve `json:"serve"`
	// Metrics is a loopback host:port at which counters can be read in the text
	// format of Prometheus; empty is off.
	Metrics string `json:"metrics"`

	// What follows concerns the window alone.

	// Language is "en" or "zh"; empty is the system's.
	Language string `json:"language"`
	// Theme is "light" or "dark"; empty is the desktop's.
	Theme string `json:"theme"`
	// StartAtLogin opens Causeway, in the tray, when the user logs in.
	StartAtLogin bool `json:"start_at_login"`
	// KeepInTray keeps Causeway running when its window is closed.
	KeepInTray bool `json:"keep_in_tray"`
	// AskFirst shows what an invitation offers before anything is fetched.
	AskFirst bool `json:"ask_first"`
	// Notify lets the desktop tell what happens; NotifyNames puts names of files
	// and shares into it, which others may read on a locked screen.
	Notify      bool `json:"notify"`
	NotifyNames bool `json:"notify_names"`
	// LogLevel is "debug", "info" or "warn"; empty keeps no log.
	LogLevel string `json:"log_level"`
	// Welcomed tells that the first-run page has been seen.
	Welcomed bool `json:"welcomed"`
}

// Schedule has limits that hold at certain hours, by the local clock.
type Schedule struct {
	Enabled bool `json:"enabled"`
	// From and To are minutes since midnight, 0 to 1439. Where To is not after
	// From the hours reach into the next day.
	From int `json:"from"`
	To   int `json:"to"`
	// Days has a bit for each day on which From may begin: 1 << time.Weekday.
	Days uint8 `json:"days"`
	// LimitUp and LimitDown hold instead of those of the Settings, in bytes a
	// second; 0 is no limit.
	LimitUp   int64 `json:"limit_up"`
	LimitDown int64 `json:"limit_down"`
}

// Serve is a rendezvous and a relay that runs in this program, for others.
type Serve struct {
	Enabled bool `json:"enabled"`
	// TrackerPort (TCP) is the rendezvous, TURNPort (UDP and TCP) STUN and TURN;
	// both 1 to 65535.
	TrackerPort uint16 `json:"tracker_port"`
	TURNPort    uint16 `json:"turn_port"`
	// RelayMin and RelayMax are the UDP ports of relayed connections.
	RelayMin uint16 `json:"relay_min"`
	RelayMax uint16 `json:"relay_max"`
	// PublicIP is the address under which others reach this computer; empty is
	// the one that the network check found, or its own.
	PublicIP string `json:"public_ip"`
	// Username and Password are what others need to relay.
	Username string `json:"username"`
	Password string `json:"-"`
	// Rate bounds what is relayed, in bytes a second; 0 is no limit.
	Rate int64 `json:"rate"`
}

// TURN is one relay of the user's own.
type TURN struct {
	// URL is a turn: or turns: URI (RFC 7065).
	URL string `json:"url"`
	// Username and Password are long-term credentials (RFC 8489 section 9.2).
	Username string `json:"username,omitempty"`
	Password string `json:"-"`
	// Secret, where set, makes time-limited credentials instead
	// (draft-uberti-behave-turn-rest-00).
	Secret string `json:"-"`
}
