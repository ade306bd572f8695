# One address for the machines of pollux.nomad.hcl: HAProxy on TCP, which asks
# Nomad for the instances that pass their check, and is told when they change.

job "pollux-balancer" {
  datacenters = ["*"]
  type        = "service"

  group "balancer" {
    count = 1

    network {
      port "echo" {
        static = 5555
      }
    }

    task "haproxy" {
      driver = "docker"

      config {
        image        = "docker.io/library/haproxy:2.8"
        network_mode = "host"
        volumes      = ["local/haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg"]
      }

      template {
        destination   = "local/haproxy.cfg"
        change_mode   = "signal"
        change_signal = "SIGUSR2"

        data = <<EOF
defaults
  mode tcp
  timeout connect 2s
  timeout client 1h
  timeout server 1h

listen pollux
  bind :{{ env "NOMAD_PORT_echo" }}
  balance leastconn
{{- range nomadService "pollux" }}
  server {{ .ID }} {{ .Address }}:{{ .Port }} check
{{- end }}
EOF
      }

      resources {
        cpu    = 200
        memory = 128
      }
    }
  }
}
