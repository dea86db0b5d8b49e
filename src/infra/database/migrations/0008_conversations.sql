ALTER TABLE "tasks" ADD COLUMN "title_source" text DEFAULT 'prompt' NOT NULL;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "link_epoch" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "tasks_owner_active" ON "tasks" USING btree ("user_id","updated_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);