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

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.UblkLayout.CtrlCmd;
import io.github.ublk4j.engine.driver.UblkLayout.DevInfo;
import io.github.ublk4j.engine.driver.UblkLayout.Params;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import io.github.ublk4j.engine.linux.LinuxFile;
import io.github.ublk4j.engine.linux.LinuxPlatform;
import io.github.ublk4j.engine.uring.IoUring;
import io.github.ublk4j.engine.uring.SqeDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * Sends control commands through {@code /dev/ublk-control}. Every call blocks its thread,
 * but never longer than the timeout. Any thread may call, also concurrently: a command
 * has a ring of its own, so that one which hangs in the kernel holds up no other.
 */
public final class ControlClient implements AutoCloseable {

	/** The control device of the driver. */
	public static final String PATH = "/dev/ublk-control";

	private static final int ALL_QUEUES = 0xffff;

	private static final int NO_DEVICE = -1;

	// the kernel may still write into the argument of a command that was given up
	private static final Queue<ByteBuffer> ABANDONED = new ConcurrentLinkedQueue<>();

	private static final Duration LATE_PATIENCE = Duration.ofMinutes(10);

	private final String path;

	private final LinuxFile file;

	private final Duration timeout;

	// the numbers of devices that belong to ordinary users
	private final Set<Integer> unprivileged = ConcurrentHashMap.newKeySet();

	/**
	 * Opens the control device.
	 * @param timeout how long a command may take
	 * @throws LinuxException if it cannot be opened
	 */
	public ControlClient(Duration timeout) {
		this(PATH, timeout);
	}

	ControlClient(String path, Duration timeout) {
		this.path = path;
		this.file = LinuxFile.open(path, LinuxFile.O_RDWR);
		this.timeout = timeout;
	}

	/**
	 * Asks which features the driver has.
	 * @return {@link UblkFeature} masks
	 */
	public long features() {
		ByteBuffer features = buffer(Long.BYTES);
		execute(ControlCommand.GET_FEATURES, NO_DEVICE, ALL_QUEUES, features, 0, this.timeout);
		return features.getLong(0);
	}

	/**
	 * Makes a device.
	 * @param request what is asked for
	 * @return what the driver made of it; it masks flags that it does not know, adds its
	 * own, and caps the queues at the number of processors
	 */
	public DeviceInfo add(DeviceInfo request) {
		ByteBuffer info = request.encode();
		try {
			execute(ControlCommand.ADD_DEV, request.id(), ALL_QUEUES, info, 0, this.timeout);
		}
		catch (LinuxException ex) {
			if (ex.errno() == Errno.ETIMEDOUT) {
				deleteWhenAdded(info);
			}
			throw ex;
		}
		try {
			return noted(DeviceInfo.decode(info));
		}
		catch (IllegalStateException ex) {
			// nobody else will know that it is there
			delete(info.getInt(DevInfo.DEV_ID), this.timeout);
			throw ex;
		}
	}

	/**
	 * Deletes a device that the driver makes after nobody waits for it any more. The
	 * argument stays allocated.
	 */
	private void deleteWhenAdded(ByteBuffer argument) {
		LateDevice late = new LateDevice(argument);
		Thread thread = new Thread(() -> {
			if (late.awaitMade(LATE_PATIENCE)) {
				try (ControlClient client = new ControlClient(this.path, this.timeout)) {
					late.delete(client::info, (id) -> client.delete(id, this.timeout));
				}
			}
		}, "ublk-late-device");
		thread.setDaemon(true);
		thread.start();
	}

	/**
	 * Asks what a device is.
	 * @param id the device
	 * @return its description
	 */
	public DeviceInfo info(int id) {
		ByteBuffer info = buffer(DevInfo.SIZE);
		// root's device may have the number of a user's by now; the second command takes
		// a path for both
		ControlCommand command = this.unprivileged.contains(id) ? ControlCommand.GET_DEV_INFO2
				: ControlCommand.GET_DEV_INFO;
		try {
			execute(command, id, ALL_QUEUES, info, 0, this.timeout);
		}
		catch (LinuxException ex) {
			// it may be one that the driver does not talk about without its path
			if (ex.errno() != Errno.EPERM && ex.errno() != Errno.EINVAL) {
				throw ex;
			}
			infoByPath(id, info, ex);
		}
		return noted(DeviceInfo.decode(info));
	}

	private void infoByPath(int id, ByteBuffer info, LinuxException refused) {
		boolean known = !this.unprivileged.add(id);
		try {
			execute(ControlCommand.GET_DEV_INFO2, id, ALL_QUEUES, info, 0, this.timeout);
		}
		catch (LinuxException ex) {
			if (!known) {
				this.unprivileged.remove(id);
			}
			// EINVAL says only that it asks for the path
			boolean tellsMore = refused.errno() == Errno.EINVAL
					&& (ex.errno() == Errno.EACCES || ex.errno() == Errno.EPERM);
			LinuxException told = tellsMore ? ex : refused;
			told.addSuppressed(tellsMore ? refused : ex);
			throw told;
		}
	}

	private DeviceInfo noted(DeviceInfo device) {
		if (UblkFeature.UNPRIVILEGED_DEV.in(device.flags())) {
			this.unprivileged.add(device.id());
		}
		else {
			this.unprivileged.remove(device.id());
		}
		return device;
	}

	/**
	 * Tells the driver what a disk can do, before it is started.
	 * @param spec size and geometry
	 * @param operations what the disk supports
	 * @param granted the device as the driver granted it
	 */
	public void setParameters(DiskSpec spec, Set<BlockOperation> operations, DeviceInfo granted) {
		execute(ControlCommand.SET_PARAMS, granted.id(), ALL_QUEUES, DeviceParameters.encode(spec, operations, granted),
				0, this.timeout);
	}

	/**
	 * Shows the disk. All tags must have been fetched, or the command waits for them; the
	 * kernel reads the partition table before it returns.
	 * @param id the device
	 * @param pid this process
	 */
	public void start(int id, long pid) {
		execute(ControlCommand.START_DEV, id, ALL_QUEUES, null, pid, this.timeout);
	}

	/**
	 * Begins to take over a device whose server is gone. Its queues are then fetched by
	 * this process.
	 * @param id the device
	 */
	public void beginRecovery(int id) {
		execute(ControlCommand.START_USER_RECOVERY, id, ALL_QUEUES, null, 0, this.timeout);
	}

	/**
	 * Finishes to take over a device. All tags must have been fetched, or the command
	 * waits for them.
	 * @param id the device
	 * @param pid this process
	 */
	public void endRecovery(int id, long pid) {
		execute(ControlCommand.END_USER_RECOVERY, id, ALL_QUEUES, null, pid, this.timeout);
	}

	/**
	 * Keeps requests away from the server, so that it can leave: they wait for the next
	 * one. Idle tags are aborted; requests that the server has are still to be answered.
	 * @param id the device
	 * @param patience how long to wait until each queue has an idle tag
	 * @return whether each had; if not, requests are kept away nevertheless
	 */
	public boolean quiesce(int id, Duration patience) {
		try {
			// 0 would be for ever
			execute(ControlCommand.QUIESCE_DEV, id, ALL_QUEUES, null, Math.max(1, patience.toMillis()),
					this.timeout.plus(patience));
			return true;
		}
		catch (LinuxException ex) {
			if (ex.errno() == Errno.EBUSY) {
				return false;
			}
			throw ex;
		}
	}

	/**
	 * Changes the capacity of a disk.
	 * @param id the device
	 * @param bytes the new size, a multiple of 512
	 */
	public void resize(int id, long bytes) {
		execute(ControlCommand.UPDATE_SIZE, id, ALL_QUEUES, null, bytes >> DeviceParameters.SECTOR_SHIFT, this.timeout);
	}

	/**
	 * Returns the capacity of a disk.
	 * @param id the device
	 * @return bytes
	 */
	public long size(int id) {
		return DeviceParameters.size(parameters(id));
	}

	private ByteBuffer parameters(int id) {
		ByteBuffer parameters = buffer(Params.SIZE);
		parameters.putInt(Params.LEN, Params.SIZE);
		execute(ControlCommand.GET_PARAMS, id, ALL_QUEUES, parameters, 0, this.timeout);
		return parameters;
	}

	/**
	 * Returns how the parameters of a device differ from those of a disk.
	 * @param spec size and geometry
	 * @param operations what the disk supports
	 * @param device the device
	 * @return a sentence for each difference, empty if there is none
	 */
	public List<String> differences(DiskSpec spec, Set<BlockOperation> operations, DeviceInfo device) {
		return DeviceParameters.differences(DeviceParameters.encode(spec, operations, device), parameters(device.id()));
	}

	/**
	 * Removes the disk, as {@link #stop(int, Duration)} does, unless somebody has it
	 * open.
	 * @param id the device
	 * @param patience how long to wait in addition to the timeout
	 * @return whether it was removed
	 */
	public boolean tryStop(int id, Duration patience) {
		try {
			execute(ControlCommand.TRY_STOP_DEV, id, ALL_QUEUES, null, 0, this.timeout.plus(patience));
			return true;
		}
		catch (LinuxException ex) {
			if (ex.errno() == Errno.EBUSY) {
				return false;
			}
			throw ex;
		}
	}

	/**
	 * Removes the disk: file systems on it are synced, unless requests wait for a server
	 * ({@code UBLK_F_USER_RECOVERY} without {@code FAIL_IO}), requests in flight are
	 * waited for, then every tag is aborted.
	 * @param id the device
	 * @param patience how long to wait in addition to the timeout
	 */
	public void stop(int id, Duration patience) {
		execute(ControlCommand.STOP_DEV, id, ALL_QUEUES, null, 0, this.timeout.plus(patience));
	}

	/**
	 * Deletes a device. It goes at once if nobody has it open or mapped, else as soon as
	 * nobody has.
	 * @param id the device
	 * @param patience how long to wait for that
	 * @return whether it is gone
	 */
	public boolean delete(int id, Duration patience) {
		try {
			execute(ControlCommand.DEL_DEV, id, ALL_QUEUES, null, 0, patience);
			return true;
		}
		catch (LinuxException ex) {
			// the driver marks the device before it waits
			if (ex.errno() == Errno.ETIMEDOUT || ex.errno() == Errno.EINTR) {
				return false;
			}
			throw ex;
		}
	}

	private static ByteBuffer buffer(int size) {
		return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
	}

	/**
	 * Sends a command. One for an unprivileged device carries the path of its character
	 * device before its argument: the driver asks whether the caller may use that.
	 */
	private void execute(ControlCommand command, int id, int queue, @Nullable ByteBuffer argument, long data,
			Duration limit) {
		if (!this.unprivileged.contains(id)) {
			send(command, id, queue, argument, 0, data, limit);
			return;
		}
		byte[] device = CharDevice.path(id).getBytes(StandardCharsets.US_ASCII);
		int length = (argument != null) ? argument.capacity() : 0;
		ByteBuffer both = buffer(device.length + length).put(0, device);
		if (argument != null) {
			both.put(device.length, argument, 0, length);
		}
		send(command, id, queue, both, device.length, data, limit);
		if (argument != null) {
			argument.put(0, both, device.length, length);
		}
	}

	private void send(ControlCommand command, int id, int queue, @Nullable ByteBuffer argument, int pathLength,
			long data, Duration limit) {
		String what = command + ((id == NO_DEVICE) ? "" : " of ublk device " + id);
		boolean answered = false;
		try (IoUring ring = IoUring.open(1, IoUring.SETUP_SQE128)) {
			ByteBuffer sqe = ring.nextSqe();
			for (int i = 0; i < SqeDescriptor.SIZE_128; i += Long.BYTES) {
				sqe.putLong(i, 0);
			}
			sqe.put(SqeDescriptor.OPCODE, (byte) IoUring.OP_URING_CMD);
			sqe.putInt(SqeDescriptor.FD, this.file.fd());
			sqe.putInt(SqeDescriptor.CMD_OP, command.opcode());
			int cmd = SqeDescriptor.CMD;
			sqe.putInt(cmd + CtrlCmd.DEV_ID, id);
			sqe.putShort(cmd + CtrlCmd.QUEUE_ID, (short) queue);
			if (argument != null) {
				sqe.putShort(cmd + CtrlCmd.LEN, (short) argument.capacity());
				sqe.putLong(cmd + CtrlCmd.ADDR, LinuxPlatform.addressOf(argument));
			}
			sqe.putLong(cmd + CtrlCmd.DATA, data);
			sqe.putShort(cmd + CtrlCmd.DEV_PATH_LEN, (short) pathLength);
			answered = ring.enter(limit);
			if (!answered) {
				throw new LinuxException(what, Errno.ETIMEDOUT,
						"The driver did not answer within " + limit.toSeconds() + " s: " + causeOfDelay(command));
			}
			int[] result = new int[1];
			ring.reap((userData, res, flags) -> result[0] = res);
			if (result[0] < 0) {
				throw new LinuxException(what, -result[0], likelyCause(command, -result[0]));
			}
		}
		finally {
			if (!answered && argument != null) {
				ABANDONED.add(argument);
			}
			Reference.reachabilityFence(argument);
		}
	}

	static String causeOfDelay(ControlCommand command) {
		return switch (command) {
			case START_DEV ->
				"the disk does not answer the reads with which the kernel looks for partitions, or the kernel hangs, see 'dmesg'";
			case STOP_DEV -> "requests in flight are not answered, or the kernel hangs, see 'dmesg'";
			case END_USER_RECOVERY -> "a queue has not fetched all its tags, or the kernel hangs, see 'dmesg'";
			case TRY_STOP_DEV -> causeOfDelay(ControlCommand.STOP_DEV);
			case DEL_DEV -> "somebody has the device open or mapped; it is deleted once they let go of it";
			default -> "some kernels hang here (6.18.4, 6.18.5), see 'dmesg'";
		};
	}

	static String likelyCause(ControlCommand command, int errno) {
		return switch (errno) {
			case Errno.EPERM -> "The device belongs to root or to another user; only who has CAP_SYS_ADMIN may use it";
			case Errno.EACCES -> switch (command) {
				case ADD_DEV -> "The limit of devices is reached; see /sys/module/ublk_drv/parameters/ublks_max";
				case GET_DEV_INFO2 -> "The device belongs to another user";
				default -> "The device has been started already";
			};
			case Errno.ENODEV -> "It was deleted, or never added";
			case Errno.EEXIST -> "The number of the device is taken, or it has been started already";
			case Errno.EBUSY -> "Somebody uses the device";
			case Errno.EINVAL -> "The driver rejects the arguments; 'dmesg' may say which";
			case Errno.ENOMEM -> "The kernel has no memory for queues of this depth";
			case Errno.EOPNOTSUPP -> "The kernel's driver is too old for this command";
			default -> "";
		};
	}

	@Override
	public void close() {
		this.file.close();
	}

}
