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

package io.github.ublk4j.spring;

import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.block.InvalidDiskException;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.engine.DiskInUseException;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkUnavailableException;
import reactor.core.publisher.Mono;

import org.springframework.util.unit.DataSize;

/**
 * The disks of the application: those that it declares, and those that its code creates
 * here. All methods may be called from any thread, and do not block.
 * <p>
 * A {@link Mono} that changes something does so when it is subscribed to, on a thread of
 * its own. Changes of one disk happen one after the other, in the order of their
 * subscription; those of different disks do not wait for each other. Cancelling does not
 * break a change off. Each change is announced by a {@link BlockDeviceEvent}.
 * <p>
 * All disks stop with the application context. When the context is started again, those
 * come back that it has stopped; a disk that {@link #stop(String)} stopped does not.
 */
public interface BlockDevices {

	/**
	 * Returns every disk that is or was served. A disk that has been stopped is shown
	 * with the state {@link DeviceState#STOPPED} until it is deleted.
	 * @return the disks, declared ones first unless code was quicker; empty before the
	 * application context has started them
	 */
	List<UblkDevice> all();

	/**
	 * Returns one disk of {@link #all()}. A disk that is started again is another
	 * {@link UblkDevice}.
	 * @param name the name of the disk
	 * @return the disk, empty if there is none
	 */
	default Optional<UblkDevice> find(String name) {
		return all().stream().filter((device) -> device.name().equals(name)).findFirst();
	}

	/**
	 * Returns the disks that are declared, but that this application does not serve:
	 * {@code ublk.unsupported-host} is {@code skip} and the host cannot use ublk, or
	 * {@code ublk.enabled} is {@code false}.
	 * @return the disks in the order of their declaration
	 */
	List<UnservedBlockDevice> unserved();

	/**
	 * Returns where the values of a declared disk come from.
	 * @param name the name of the disk
	 * @return the origin of each attribute by its name in {@link DiskSpec}; empty for
	 * disks that code has created or that are not served
	 */
	Map<String, ValueOrigin> origins(String name);

	/**
	 * Returns the store that keeps the data of a disk, below its layers, to look at it:
	 * what {@code ublk.devices.<name>.store} has opened, a bean, or what was given to
	 * {@link #create(DiskSpec, BlockStore)}. It is an object of
	 * {@code io.github.ublk4j.store}, or one of the application. A disk that is started
	 * again can have another one. Reading and writing is up to the disk.
	 * @param name the name of the disk
	 * @return the store; empty for a disk that is no store or does not exist, and while a
	 * disk is stopped whose store a property opens
	 */
	Optional<BlockStore> store(String name);

	/**
	 * Returns the layers that {@code ublk.devices.<name>.layers} puts over the store of a
	 * disk, to look at them or to change them: each is an object of
	 * {@code io.github.ublk4j.layer}, or what a bean of the application has made. A disk
	 * that is started again has other ones. Reading and writing is up to the disk.
	 * @param name the name of the disk
	 * @return the layers by their names, the nearest to the kernel first; empty for a
	 * disk that has none or is stopped
	 */
	Map<String, BlockStore> layers(String name);

	/**
	 * Creates a disk and starts it. It has a link in {@code ublk.run-directory}, and is
	 * shown by Actuator. {@link BlockDeviceCustomizer} is for declared disks and does not
	 * touch it.
	 * @param spec name, size and geometry
	 * @param handler what serves its requests
	 * @return the live disk; after an error nothing is left of it. An
	 * {@link InvalidDiskException} says that there is one of that name already, an
	 * {@link UblkUnavailableException} that this host cannot use ublk
	 */
	Mono<UblkDevice> create(DiskSpec spec, BlockDeviceHandler handler);

	/**
	 * Creates a disk of a store and starts it, as
	 * {@link #create(DiskSpec, BlockDeviceHandler)} does. The caller closes the store
	 * after the disk has been deleted.
	 * @param spec name, size and geometry; the size is at most that of the store
	 * @param store where the data goes
	 * @return the live disk
	 */
	Mono<UblkDevice> create(DiskSpec spec, BlockStore store);

	/**
	 * Creates a disk of a pipeline and starts it, as
	 * {@link #create(DiskSpec, BlockDeviceHandler)} does.
	 * @param spec name, size and geometry
	 * @param stream what serves its requests
	 * @return the live disk
	 */
	Mono<UblkDevice> createStream(DiskSpec spec, BlockRequestStream stream);

	/**
	 * Starts a disk again, declared or created. One that is live is left alone; one that
	 * has failed is stopped first. A store that a property declares is opened anew: what
	 * {@code memory} held is gone.
	 * @param name the name of the disk
	 * @return the live disk; a {@link NoSuchBlockDeviceException} if there is none of
	 * that name
	 */
	Mono<UblkDevice> start(String name);

	/**
	 * Stops a disk. It can be started again. A disk that is not served is left alone.
	 * @param name the name of the disk
	 * @return completes when the disk is gone and a declared store is closed; a
	 * {@link NoSuchBlockDeviceException} if there is none of that name
	 */
	Mono<Void> stop(String name);

	/**
	 * Stops a disk as {@link #stop(String)} does, unless somebody uses it.
	 * @param name the name of the disk
	 * @return completes when the disk is gone; a {@link DiskInUseException} says who uses
	 * it, a {@link NoSuchBlockDeviceException} that there is none of that name
	 */
	Mono<Void> stopUnused(String name);

	/**
	 * Leaves a disk to the next server: this application when it starts the disk again,
	 * or its next version. The disk needs a {@code recovery}, which says what becomes of
	 * its requests meanwhile.
	 * @param name the name of the disk
	 * @return completes when the disk can be taken over; a
	 * {@link NoSuchBlockDeviceException} if there is none of that name
	 */
	Mono<Void> quiesce(String name);

	/**
	 * Changes the capacity of a disk. What serves it must have room for that.
	 * @param name the name of the disk
	 * @param size a multiple of its logical block size
	 * @return the disk with its new size; an error says why it cannot have it
	 */
	Mono<UblkDevice> resize(String name, DataSize size);

	/**
	 * Stops a disk that code has created, and forgets it: its name is free.
	 * @param name the name of the disk
	 * @return completes when the disk is gone; a {@link NoSuchBlockDeviceException} if
	 * there is none of that name, an {@link IllegalStateException} if it is declared
	 */
	Mono<Void> delete(String name);

}
