// SPDX-License-Identifier: MIT

// A chat in the manner of gorilla/websocket's example: a hub that sends each
// message to every client, and a writer that joins what has queued up with
// newlines into one message. "chat server PORT" serves until the last of two
// clients has gone; "chat client PORT NAME" says three lines and leaves.
package main

import (
	"bytes"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

type client struct {
	conn *websocket.Conn
	send chan []byte
}

type hub struct {
	clients    map[*client]bool
	broadcast  chan []byte
	register   chan *client
	unregister chan *client
	done       chan bool
}

func (h *hub) run() {
	seen := 0
	for {
		select {
		case c := <-h.register:
			h.clients[c] = true
			seen++
		case c := <-h.unregister:
			if h.clients[c] {
				delete(h.clients, c)
				close(c.send)
			}
			if seen == 2 && len(h.clients) == 0 {
				h.done <- true
			}
		case message := <-h.broadcast:
			for c := range h.clients {
				c.send <- message
			}
		}
	}
}

func (c *client) read(h *hub) {
	defer func() { h.unregister <- c }()
	for {
		_, message, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		h.broadcast <- bytes.TrimSpace(message)
	}
}

func (c *client) write() {
	ping := time.NewTicker(300 * time.Millisecond)
	defer ping.Stop()
	defer c.conn.Close()
	for {
		select {
		case message, ok := <-c.send:
			if !ok {
				return
			}
			time.Sleep(20 * time.Millisecond) // lets some queue up
			w, err := c.conn.NextWriter(websocket.TextMessage)
			if err != nil {
				return
			}
			w.Write(message)
			for n := len(c.send); n > 0; n-- {
				w.Write([]byte{'\n'})
				w.Write(<-c.send)
			}
			if w.Close() != nil {
				return
			}
		case <-ping.C:
			if c.conn.WriteMessage(websocket.PingMessage, nil) != nil {
				return
			}
		}
	}
}

func serve(port string) {
	h := &hub{make(map[*client]bool), make(chan []byte), make(chan *client),
		make(chan *client), make(chan bool)}
	go h.run()
	up := websocket.Upgrader{}
	http.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		c := &client{conn, make(chan []byte, 256)}
		h.register <- c
		go c.write()
		go c.read(h)
	})
	go func() { log.Fatal(http.ListenAndServe("127.0.0.1:"+port, nil)) }()
	<-h.done
	time.Sleep(100 * time.Millisecond)
}

func talk(port, name string) {
	url := "ws://127.0.0.1:" + port + "/ws"
	// Offers permessage-deflate; the hub declines.
	dialer := websocket.Dialer{EnableCompression: true}
	header := http.Header{"Cookie": {"name=" + name},
		"Origin": {"http://127.0.0.1:" + port}}
	var conn *websocket.Conn
	var err error
	for i := 0; i < 50; i++ {
		if conn, _, err = dialer.Dial(url, header); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		time.Sleep(200 * time.Millisecond)
		for i := 1; i <= 3; i++ {
			line := fmt.Sprintf("%s: line %d", name, i)
			conn.WriteMessage(websocket.TextMessage, []byte(line))
		}
		time.Sleep(500 * time.Millisecond)
		conn.WriteControl(websocket.CloseMessage,
			websocket.FormatCloseMessage(1001, name+" leaves"),
			time.Now().Add(time.Second))
	}()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "server" {
		serve(os.Args[2])
	} else if len(os.Args) == 4 && os.Args[1] == "client" {
		talk(os.Args[2], os.Args[3])
	} else {
		log.Fatal("chat server PORT | chat client PORT NAME")
	}
}
