// SPDX-License-Identifier: MIT

// gorilla client|server PORT LOG COUNT CONNS DEFLATE SEED - golang
// gorilla/websocket as one end of the live check; see peer.js.  Messages above
// the write buffer go out in fragments.
package main

import (
	"crypto/sha1"
	"fmt"
	"log"
	"math"
	"math/rand"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const max = 1 << 20

var (
	count, conns int
	largest      = max
	role, closer string
	deflate      bool
	text, noise  []byte
	lock         sync.Mutex
	lines        strings.Builder
)

func note(port int, from string, kind int, data []byte) {
	name := "binary"
	if kind == websocket.TextMessage {
		name = "text"
	}
	lock.Lock()
	defer lock.Unlock()
	fmt.Fprintf(&lines, "%d %s %s %d %x\n", port, from, name, len(data),
		sha1.Sum(data))
}

func pick(r *rand.Rand) (int, []byte) {
	borders := []int{0, 1, 2, 125, 126, 127, 65535, 65536, max}
	size := int(math.Exp2(r.Float64() * 20))
	if r.Float64() < 0.1 {
		size = borders[r.Intn(len(borders))]
	}
	if size > largest {
		size = largest
	}
	if r.Float64() < 0.4 {
		at := r.Intn(len(noise) - size)
		return websocket.BinaryMessage, noise[at : at+size]
	}
	start := func(at int) int { // of the character that at is in
		for text[at]&0xc0 == 0x80 {
			at--
		}
		return at
	}
	at := start(r.Intn(len(text) - size))
	return websocket.TextMessage, text[at:start(at+size)]
}

func send(conn *websocket.Conn, port int, r *rand.Rand) {
	for i := 0; i < count; i++ {
		kind, data := pick(r)
		note(port, role, kind, data)
		conn.EnableWriteCompression(r.Float64() < 0.9)
		if r.Float64() < 0.05 {
			conn.WriteControl(websocket.PingMessage, []byte("between"),
				time.Now().Add(time.Minute))
		}
		// Through a writer, in pieces: fragments when the buffer is full.
		w, err := conn.NextWriter(kind)
		check(err)
		for at := 0; at < len(data); {
			n := 1 + r.Intn(len(data)-at)
			_, err = w.Write(data[at : at+n])
			check(err)
			at += n
		}
		check(w.Close())
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func talk(conn *websocket.Conn, port int, peer string, seed int64) {
	sent := make(chan bool)
	// The handler that is there answers before more is read, and gives up the
	// connection when that takes a second: two ends that wait for each other.
	conn.SetPingHandler(func(data string) error {
		go conn.WriteControl(websocket.PongMessage, []byte(data),
			time.Now().Add(time.Minute))
		return nil
	})
	go func() {
		send(conn, port, rand.New(rand.NewSource(seed)))
		close(sent)
	}()
	for i := 0; i < count; i++ {
		kind, data, err := conn.ReadMessage()
		check(err)
		note(port, peer, kind, data)
	}
	if role == closer {
		<-sent
		check(conn.WriteControl(websocket.CloseMessage,
			websocket.FormatCloseMessage(1000, "done"),
			time.Now().Add(time.Minute)))
	}
	conn.ReadMessage() // until the Close comes
	<-sent
	conn.Close()
}

func portOf(addr net.Addr) int { return addr.(*net.TCPAddr).Port }

func main() {
	if len(os.Args) != 8 {
		log.Fatal("gorilla client|server PORT LOG COUNT CONNS DEFLATE SEED")
	}
	role = os.Args[1]
	address := "127.0.0.1:" + os.Args[2]
	count, _ = strconv.Atoi(os.Args[4])
	conns, _ = strconv.Atoi(os.Args[5])
	deflate = os.Args[6] != "none"
	if limit := os.Getenv("WSRAY_LARGEST"); limit != "" {
		largest, _ = strconv.Atoi(limit)
	}
	closer = os.Getenv("WSRAY_CLOSER")
	if closer == "" {
		closer = "client"
	}
	seed, _ := strconv.ParseInt(os.Args[7], 10, 64)

	r := rand.New(rand.NewSource(seed))
	words := []string{`"price":`, "101.25,", "帧", "掩码", "ß", "👋", "\x00", "x"}
	for len(text) < 2*max {
		text = append(text, words[r.Intn(len(words))]...)
		text = strconv.AppendInt(text, int64(r.Intn(1000000)), 10)
	}
	noise = make([]byte, 2*max)
	r.Read(noise)

	var all sync.WaitGroup
	all.Add(conns)
	if role == "client" {
		dialer := websocket.Dialer{EnableCompression: deflate}
		for i := 0; i < conns; i++ {
			conn, _, err := dialer.Dial("ws://"+address+"/", nil)
			check(err)
			go func(seed int64) {
				talk(conn, portOf(conn.LocalAddr()), "server", seed)
				all.Done()
			}(seed + int64(i) + 1)
		}
	} else {
		up := websocket.Upgrader{EnableCompression: deflate}
		serve := func(w http.ResponseWriter, q *http.Request) {
			conn, err := up.Upgrade(w, q, nil)
			check(err)
			port := portOf(conn.RemoteAddr())
			talk(conn, port, "client", seed+int64(port))
			all.Done()
		}
		ln, err := net.Listen("tcp", address)
		check(err)
		fmt.Println("ready")
		go http.Serve(ln, http.HandlerFunc(serve))
	}
	all.Wait()
	check(os.WriteFile(os.Args[3], []byte(lines.String()), 0644))
}
