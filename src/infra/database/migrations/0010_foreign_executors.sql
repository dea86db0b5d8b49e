ALTER TABLE "image_validations" ADD COLUMN "ordered_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "subtasks" ADD COLUMN "executor_deleted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "subtasks" ADD COLUMN "executor_beats" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "subtasks" ADD COLUMN "is_presumed" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "subtasks_executors" ON "subtasks" USING btree ("executor_name") WHERE "subtasks"."executor_name" <> '' and "subtasks"."executor_deleted_at" is null;