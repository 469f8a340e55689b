/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.engine.driver;

import java.time.Duration;

import io.github.ublk4j.engine.driver.UblkLayout.IoDesc;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import io.github.ublk4j.engine.linux.Mapping;

/**
 * {@code /dev/ublkcN}, through which this process serves a device. As long as it is open
 * or mapped, the device cannot be deleted.
 */
public final class CharDevice implements AutoCloseable {

	private static final int MAX_QUEUE_DEPTH = 4096;

	// a udev rule may start a program before it gives the node to its user
	private static final Duration OPEN_PATIENCE = Duration.ofSeconds(10);

	// UBLKSRV_IO_BUF_OFFSET, UBLK_TAG_OFF and UBLK_QID_OFF
	private static final long REQUEST_DATA = 0x80000000L;

	private static final int TAG_SHIFT = 25;

	private static final int QUEUE_SHIFT = 41;

	private final LinuxFile file;

	private final int queueDepth;

	CharDevice(LinuxFile file, int queueDepth) {
		this.file = file;
		this.queueDepth = queueDepth;
	}

	/**
	 * Opens the character device of a device that has been added. Waits up to 3 s for
	 * udev, which makes the node late, gives it to its group later still, and may hold it
	 * for a moment.
	 * @param info the device
	 * @return the open device
	 * @throws LinuxException if it cannot be opened
	 */
	public static CharDevice open(DeviceInfo info) {
		return open(info, OPEN_PATIENCE);
	}

	static CharDevice open(DeviceInfo info, Duration patience) {
		String path = path(info.id());
		long deadline = System.nanoTime() + patience.toNanos();
		while (true) {
			try {
				return new CharDevice(LinuxFile.open(path, LinuxFile.O_RDWR), info.queueDepth());
			}
			catch (LinuxException ex) {
				if (!mayPass(ex.errno()) || System.nanoTime() - deadline > 0) {
					throw new LinuxException("open " + path, ex.errno(), likelyCause(ex.errno()));
				}
			}
			try {
				Thread.sleep(10);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw new LinuxException("open " + path, Errno.EINTR, "The thread was interrupted");
			}
		}
	}

	static String path(int id) {
		return "/dev/ublkc" + id;
	}

	private static boolean mayPass(int errno) {
		return errno == Errno.ENOENT || errno == Errno.EBUSY || errno == Errno.EACCES;
	}

	static String likelyCause(int errno) {
		return switch (errno) {
			case Errno.ENOENT -> "The node does not appear: in a container, mount the host's /dev";
			case Errno.EBUSY -> "Another process holds it";
			case Errno.EACCES -> "A user other than root needs a udev rule that gives him ublkc*, or CAP_DAC_OVERRIDE";
			case Errno.EPERM -> "In a container, allow the device in its cgroup";
			default -> "";
		};
	}

	/**
	 * Returns the descriptor.
	 * @return the number of the open descriptor
	 */
	public int fd() {
		return this.file.fd();
	}

	/**
	 * Maps the request descriptors of a queue, {@link IoDesc} by tag. The driver writes
	 * them; the memory is read-only.
	 * @param queue the queue
	 * @return the mapping, to be closed before the device
	 */
	public Mapping mapDescriptors(int queue) {
		long stride = roundUpToPage((long) MAX_QUEUE_DEPTH * IoDesc.SIZE);
		return Mapping.of(this.file.fd(), queue * stride, roundUpToPage((long) this.queueDepth * IoDesc.SIZE),
				Mapping.PROT_READ, "request descriptors of queue " + queue + " of " + this.file.path());
	}

	/**
	 * Returns where the data of a request is read and written in user-copy mode.
	 * @param queue the queue
	 * @param tag the tag of the request
	 * @return the position in the character device, in bytes
	 */
	public static long positionOf(int queue, int tag) {
		return REQUEST_DATA + ((long) queue << QUEUE_SHIFT | (long) tag << TAG_SHIFT);
	}

	/**
	 * Copies the data of a write from the request, in user-copy mode. Any thread.
	 * @param queue the queue
	 * @param tag the tag of the request
	 * @param address where to put the data
	 * @param length bytes, not more than the request has
	 * @throws LinuxException if the driver refuses, as when the request has ended
	 */
	public void copyFromRequest(int queue, int tag, long address, int length) {
		long position = positionOf(queue, tag);
		for (int done = 0; done < length;) {
			done += checkCopy(this.file.read(address + done, length - done, position + done), "from", queue, tag);
		}
	}

	/**
	 * Copies the data of a read to the request, in user-copy mode. Any thread.
	 * @param queue the queue
	 * @param tag the tag of the request
	 * @param address where the data is
	 * @param length bytes, not more than the request has
	 * @throws LinuxException if the driver refuses, as when the request has ended
	 */
	public void copyToRequest(int queue, int tag, long address, int length) {
		long position = positionOf(queue, tag);
		for (int done = 0; done < length;) {
			done += checkCopy(this.file.write(address + done, length - done, position + done), "to", queue, tag);
		}
	}

	private int checkCopy(int result, String direction, int queue, int tag) {
		if (result <= 0) {
			throw new LinuxException(
					"copy " + direction + " the request of tag " + tag + ", queue " + queue + " of " + this.file.path(),
					(result == 0) ? Errno.EIO : -result, (result == -Errno.EINVAL) ? "The request has ended" : "");
		}
		return result;
	}

	private static long roundUpToPage(long bytes) {
		return (bytes + LinuxPlatform.PAGE_SIZE - 1) & -LinuxPlatform.PAGE_SIZE;
	}

	@Override
	public void close() {
		this.file.close();
	}

}
