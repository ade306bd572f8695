# Pollux as a Nomad job: the QEMU driver starts `count` machines of one CPU, and
# balancer.nomad.hcl puts them behind one address.
#
# What the driver itself gives QEMU is: -machine type=pc,accel=ACCELERATOR -m
# MEMORY -drive file=IMAGE_PATH,if=DRIVE_INTERFACE -nographic -monitor ..., and
# with kvm -cpu host. The rest is args.

job "pollux" {
  datacenters = ["*"]
  type        = "service"

  update {
    max_parallel     = 1
    min_healthy_time = "2s"
  }

  group "machine" {
    count = 3

    network {
      port "echo" {}
    }

    service {
      name     = "pollux"
      port     = "echo"
      provider = "nomad"

      # QEMU's user network accepts before it asks the machine, so this says
      # no more than that QEMU runs. A server with HTTP has type = "http" here.
      check {
        type     = "tcp"
        interval = "5s"
        timeout  = "1s"
      }
    }

    # The machine ends when its application does, whatever the status: start it
    # again, here first and then elsewhere.
    restart {
      attempts = 5
      interval = "1m"
      delay    = "1s"
      mode     = "fail"
    }

    task "pollux" {
      driver = "qemu"

      artifact {
        source      = "https://artifacts.example.org/pollux.qcow2"
        destination = "local/"
      }

      config {
        image_path      = "local/pollux.qcow2"
        drive_interface = "virtio"
        accelerator     = "kvm"

        # system_powerdown, the power button: SIGTERM to the application.
        graceful_shutdown = true

        # The driver's port_map does not know the ports of a group's network
        # (hashicorp/nomad issue 12833), so the forwarding is said here.
        args = [
          "-nodefaults",
          "-serial", "stdio",
          "-bios", "/usr/share/ovmf/OVMF.fd",
          "-smp", "1,maxcpus=2",
          "-netdev", "user,id=n0,hostfwd=tcp:${NOMAD_IP_echo}:${NOMAD_PORT_echo}-:7",
          "-device", "virtio-net-pci,netdev=n0,romfile=,disable-legacy=on",
          "-device", "virtio-rng-pci",
        ]
      }

      # Before the machine is killed.
      kill_timeout = "10s"

      # One vCPU, one core of the host. 128 MB is the least that the driver
      # allows.
      resources {
        cores  = 1
        memory = 128
      }
    }
  }
}
