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

package io.github.ublk4j.engine.device;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.driver.DeviceInfo;
import io.github.ublk4j.engine.driver.UblkFeature;
import io.github.ublk4j.engine.linux.Errno;
import io.github.ublk4j.engine.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/**
 * Makes devices and carries their requests, as {@code ublk_drv} does. Any thread. What
 * fails is a {@link LinuxException} with the error number of the driver.
 */
public interface Driver extends AutoCloseable {

	/**
	 * Returns which kernel the driver is part of.
	 * @return its release, as {@code uname -r} tells
	 */
	String kernel();

	/**
	 * Returns which features the driver has.
	 * @return {@link UblkFeature} masks
	 */
	long features();

	/**
	 * Returns whether this process may make devices of the system. If not, they belong to
	 * its user: copy mode alone, and no recovery.
	 * @return whether it may
	 */
	boolean isPrivileged();

	/**
	 * Returns how much memory buffers can take without harm.
	 * @return bytes; {@link Long#MAX_VALUE} if that is not known
	 */
	long availableMemory();

	/**
	 * Makes a device.
	 * @param request what is asked for
	 * @return what the driver made of it
	 */
	DeviceInfo add(DeviceInfo request);

	/**
	 * Opens a device that has been added, to serve it.
	 * @param device the device as granted
	 * @return the open device
	 */
	DeviceChannel open(DeviceInfo device);

	/**
	 * Tells what a disk can do, before it is started.
	 * @param spec size and geometry
	 * @param operations what the disk supports
	 * @param granted the device as granted
	 */
	void setParameters(DiskSpec spec, Set<BlockOperation> operations, DeviceInfo granted);

	/**
	 * Shows the disk. Every tag must have been fetched.
	 * @param id the device
	 * @param pid this process
	 */
	void start(int id, long pid);

	/**
	 * Waits until the disk can be opened at its {@link #path(int)}.
	 * @param id the device
	 * @param patience how long to wait
	 * @return whether it can
	 */
	boolean awaitPath(int id, Duration patience);

	/**
	 * Returns where a disk is.
	 * @param id the device
	 * @return the path of the block device
	 */
	Path path(int id);

	/**
	 * Writes what the kernel has kept of a disk and its partitions to it. Of a disk that
	 * waits for its server when that dies, the driver lets nothing pass any more once it
	 * stops it.
	 * @param id the device, which is served
	 */
	void sync(int id);

	/**
	 * Removes the disk, when the requests in flight have been answered.
	 * @param id the device
	 * @param patience how long to wait for that, in addition to the time that any command
	 * may take
	 */
	void stop(int id, Duration patience);

	/**
	 * Removes the disk as {@link #stop(int, Duration)} does, unless the kernel says that
	 * somebody uses it. It knows of uses that {@link #users} cannot see, but not, before
	 * Linux 7.0, of processes that have the disk open, and of a disk that nobody serves
	 * it knows nothing then: ask that first.
	 * @param id the device
	 * @param patience how long to wait for requests in flight
	 * @return who uses it, for people; empty if it was removed
	 */
	List<String> stopUnused(int id, Duration patience);

	/**
	 * Returns how a device differs from a disk that is to take it over.
	 * @param spec size and geometry of the disk
	 * @param operations what the disk supports
	 * @param device the device
	 * @return a sentence for each difference
	 */
	List<String> differences(DiskSpec spec, Set<BlockOperation> operations, DeviceInfo device);

	/**
	 * Begins to take over a device whose server is gone.
	 * @param id the device
	 */
	void beginRecovery(int id);

	/**
	 * Finishes to take over a device. Every tag must have been fetched.
	 * @param id the device
	 * @param pid this process
	 */
	void endRecovery(int id, long pid);

	/**
	 * Keeps requests away from the server, so that it can leave.
	 * @param id the device
	 * @param patience how long to wait for those that it has
	 */
	void quiesce(int id, Duration patience);

	/**
	 * Returns the capacity of a disk.
	 * @param id the device
	 * @return bytes
	 */
	long size(int id);

	/**
	 * Changes the capacity of a disk.
	 * @param id the device
	 * @param bytes the new size
	 */
	void resize(int id, long bytes);

	/**
	 * Returns whether a process has a device open to serve it.
	 * @param id the device
	 * @return whether one has, as far as this process may see
	 */
	boolean isOpen(int id);

	/**
	 * Returns whether a mount or another device has taken a disk for itself, also one
	 * that {@link #users} cannot see from here. The disk must be served, since it is
	 * opened.
	 * @param id the device
	 * @return whether it is taken
	 */
	boolean isTaken(int id);

	/**
	 * Returns who uses a disk, as far as can be seen without touching it.
	 * @param id the device
	 * @return mounts, processes and devices, for people
	 */
	List<String> users(int id);

	/**
	 * Deletes a device.
	 * @param id the device
	 * @param patience how long to wait for those who have it open
	 * @return whether it is gone; otherwise it goes when they let go of it
	 */
	boolean delete(int id, Duration patience);

	/**
	 * Returns what a device is.
	 * @param id the device
	 * @return its description
	 */
	DeviceInfo info(int id);

	/**
	 * Returns what a device is, if it is there and this user may know.
	 * @param id the device
	 * @return its description, {@code null} if there is none, or it is another user's
	 */
	default @Nullable DeviceInfo find(int id) {
		try {
			return info(id);
		}
		catch (LinuxException ex) {
			if (ex.errno() == Errno.ENODEV || ex.errno() == Errno.EPERM || ex.errno() == Errno.EACCES) {
				return null;
			}
			throw ex;
		}
	}

	/**
	 * Returns every device, whoever serves it.
	 * @return the numbers in ascending order; one may be gone by now
	 */
	List<Integer> deviceIds();

	@Override
	void close();

}
