CREATE TABLE `dataset` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text NOT NULL,
	`format` text NOT NULL,
	`compatibility` text NOT NULL,
	`retention` text,
	`archived_at` integer,
	`head_id` text,
	`head_number` integer,
	`row_count` integer,
	`size_bytes` integer,
	`versions` integer NOT NULL,
	`stored_bytes` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `dataset_owner_name` ON `dataset` (`owner_id`,`name`);--> statement-breakpoint
CREATE TABLE `dataset_access` (
	`dataset_id` text NOT NULL,
	`group_id` text NOT NULL,
	`role` text NOT NULL,
	PRIMARY KEY(`dataset_id`, `group_id`)
);
--> statement-breakpoint
CREATE INDEX `dataset_access_group` ON `dataset_access` (`group_id`);--> statement-breakpoint
CREATE TABLE `dataset_version` (
	`id` text PRIMARY KEY NOT NULL,
	`dataset_id` text NOT NULL,
	`number` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `dataset_version_dataset` ON `dataset_version` (`dataset_id`,`number`);--> statement-breakpoint
CREATE TABLE `group_member` (
	`group_id` text NOT NULL,
	`user_id` text NOT NULL,
	`added_at` integer NOT NULL,
	PRIMARY KEY(`group_id`, `user_id`),
	FOREIGN KEY (`group_id`) REFERENCES `user_group`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`user_id`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `group_member_user` ON `group_member` (`user_id`,`group_id`);--> statement-breakpoint
CREATE TABLE `transformation` (
	`id` text PRIMARY KEY NOT NULL,
	`owner_id` text NOT NULL,
	`dataset_id` text NOT NULL,
	`type` text NOT NULL,
	`status` text NOT NULL,
	`created_at` integer NOT NULL,
	`ended_at` integer,
	FOREIGN KEY (`owner_id`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `transformation_owner` ON `transformation` (`owner_id`,`id`);--> statement-breakpoint
CREATE INDEX `transformation_dataset` ON `transformation` (`dataset_id`,`id`);--> statement-breakpoint
CREATE TABLE `user_group` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`owner_id` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`owner_id`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `user_group_name` ON `user_group` (`name`);--> statement-breakpoint
CREATE INDEX `user_group_owner` ON `user_group` (`owner_id`,`id`);