package rendezvous

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// TimeLimited makes credentials for a TURN server that shares secret, good for
// new allocations until expires, in the form of
// draft-uberti-behave-turn-rest-00: the username is "expiry:name", or "expiry"
// where name is empty, and the password its HMAC-SHA1 in base64.
func TimeLimited(secret, name string, expires time.Time) (username, password string) {
	username = strconv.FormatInt(expires.Unix(), 10)
	if name != "" {
		username += ":" + name
	}
	return username, timeLimitedPassword(secret, username)
}

func timeLimitedPassword(secret, username string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// credentials knows who may relay.
type credentials struct {
	realm  string
	static map[string][]byte // username to key
	secret string            // empty: no time-limited credentials
}

func newCredentials(config *TurnConfig) *credentials {
	c := &credentials{realm: config.Realm, static: map[string][]byte{}, secret: config.Secret}
	for name, password := range config.Users {
		c.static[name] = turn.GenerateAuthKey(name, config.Realm, password)
	}
	return c
}

// authenticate is a turn.AuthHandler. The key is for this server's realm,
// whatever realm the client claims.
//
// Time-limited credentials are refused after their expiry for new allocations
// only: a transfer that began in time may refresh what it has. pion's own
// handler would cut every transfer off at the expiry.
func (c *credentials) authenticate(request *turn.RequestAttributes) (user string, key []byte, ok bool) {
	if key, ok := c.static[request.Username]; ok {
		return request.Username, key, true
	}
	if c.secret == "" {
		return "", nil, false
	}
	expiry, name, _ := strings.Cut(request.Username, ":")
	expires, err := strconv.ParseInt(expiry, 10, 64)
	if err != nil || request.Method == stun.MethodAllocate && time.Now().Unix() >= expires {
		return "", nil, false
	}
	password := timeLimitedPassword(c.secret, request.Username)
	return cmp.Or(name, request.Username), turn.GenerateAuthKey(request.Username, c.realm, password), true
}

const (
	stunHeaderBytes = 20
	// firstChannelByte and above is channel data, below it is STUN (RFC 8656
	// section 12).
	firstChannelByte = 0x40
)

// screen prepares one packet from a client for pion and returns its new
// length, and whether it proves that its sender has credentials.
//
// pion answers 400 (Bad Request) to a wrong password or user name, where
// RFC 8489 section 9.2.4 asks for 401 (Unauthorized), by which clients tell
// wrong credentials from a broken server. So a request whose credentials do
// not hold is cut down to its header: pion then answers 401 with a nonce, as
// it does to any request without credentials.
func (c *credentials) screen(packet []byte) (length int, proven bool) {
	if len(packet) < stunHeaderBytes || packet[0] >= firstChannelByte || !stun.IsMessage(packet) {
		return len(packet), false
	}
	m := stun.Message{Raw: packet}
	if m.Decode() != nil || m.Type.Class != stun.ClassRequest ||
		m.Type.Method == stun.MethodBinding || !m.Contains(stun.AttrMessageIntegrity) {
		return len(packet), false
	}
	var username stun.Username
	var realm stun.Realm
	var nonce stun.Nonce
	if username.GetFrom(&m) != nil || realm.GetFrom(&m) != nil || nonce.GetFrom(&m) != nil {
		return len(packet), false // pion answers 400, as it should
	}
	_, key, ok := c.authenticate(&turn.RequestAttributes{
		Username: username.String(), Realm: realm.String(), Method: m.Type.Method,
	})
	if ok && stun.MessageIntegrity(key).Check(&m) == nil {
		return len(packet), true
	}
	binary.BigEndian.PutUint16(packet[2:4], 0)
	return stunHeaderBytes, false
}
