CREATE TABLE "follow_ups" (
	"id" serial PRIMARY KEY NOT NULL,
	"task_id" integer NOT NULL,
	"user_id" integer NOT NULL,
	"prompt" text NOT NULL,
	"model_id" text,
	"inputs" jsonb,
	"files" jsonb,
	"failure" jsonb,
	"begun_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "active_turn" integer;--> statement-breakpoint
ALTER TABLE "dify_conversations" ADD COLUMN "turn" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "follow_ups" ADD CONSTRAINT "follow_ups_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "follow_ups_waiting" ON "follow_ups" USING btree ("task_id","id") WHERE "follow_ups"."begun_at" is null;--> statement-breakpoint
UPDATE "subtasks" SET "parent_id" = "message_id" - 1 WHERE "parent_id" <> "message_id" - 1;--> statement-breakpoint
UPDATE "dify_conversations" SET "turn" = (
	SELECT coalesce(max("message_id"), 0) FROM "subtasks"
	WHERE "subtasks"."task_id" = "dify_conversations"."task_id" AND "role" = 'USER'
);
