# The first process of a machine whose kernel drives FAT, see guest.rs: `sh guest.sh DISK SUITE TEST`. It makes the
# machine ready, runs one test, says how that ended, and switches off. The host's files are there to be read; whatever
# is written goes to a disk of the machine's own at DISK.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/shm /dev/disk/by-uuid
mount -t tmpfs tmpfs /dev/shm
for module in fs/nls/nls_cp437 fs/nls/nls_iso8859-1 fs/fat/fat fs/fat/vfat drivers/block/loop; do
    insmod "/usr/lib/uml/modules/$(uname -r)/kernel/$module.ko"
done
mount -t ext4 /dev/ubda "$1"
TMPDIR=$1 OFFSYNC_GUEST=1 CI=true RUST_BACKTRACE=1 timeout 500 "$2" --exact "$3" --nocapture
echo "guest: the test ended with $?"
umount "$1"
echo o >/proc/sysrq-trigger
sleep 60
